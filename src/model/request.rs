//! What an operator asks a daemon to do.

use serde::{Deserialize, Serialize};

/// What to pause or to resume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "scope", content = "name", rename_all = "lowercase")]
pub enum PauseScope {
    All,
    Endpoint(String),
    /// The seed's id.
    Seed(i64),
}

/// Which open jobs to cancel. A job must match every field that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenJobs {
    pub id: Option<i64>,
    pub endpoint: Option<String>,
    pub subject: Option<String>,
    pub seed_id: Option<i64>,
}

/// A request of an operator. The archive stores its command and its argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", content = "argument", rename_all = "snake_case")]
pub enum Request {
    Pause(PauseScope),
    Resume(PauseScope),
    Cancel(OpenJobs),
    /// The seed's id.
    RemoveSeed(i64),
    Reload,
    /// Refresh for the money that is left of this day.
    Refresh,
    /// People are erased: their hashes and the dictionaries are to be read again.
    Erase,
}

impl Request {
    /// Returns the command and its argument as JSON.
    #[must_use]
    pub fn parts(&self) -> (String, String) {
        let value = serde_json::to_value(self).unwrap_or_default();
        let command = value["command"].as_str().unwrap_or_default().to_owned();
        (command, value["argument"].to_string())
    }

    /// Returns the request of a command and its argument.
    ///
    /// # Errors
    /// Returns the reason if there is no such request.
    pub fn of(command: &str, argument: &str) -> Result<Self, String> {
        let argument: serde_json::Value =
            serde_json::from_str(argument).map_err(|why| why.to_string())?;
        let value = match argument {
            serde_json::Value::Null => serde_json::json!({ "command": command }),
            argument => serde_json::json!({ "command": command, "argument": argument }),
        };
        serde_json::from_value(value).map_err(|why| why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenJobs, PauseScope, Request};

    #[test]
    fn a_stored_request_is_read_back_as_it_was() {
        let jobs = OpenJobs {
            endpoint: Some("get_feed".to_owned()),
            id: Some(7),
            ..OpenJobs::default()
        };
        for (request, command) in [
            (Request::Pause(PauseScope::All), "pause"),
            (
                Request::Pause(PauseScope::Endpoint("a".to_owned())),
                "pause",
            ),
            (Request::Resume(PauseScope::Seed(3)), "resume"),
            (Request::Cancel(jobs), "cancel"),
            (Request::RemoveSeed(2), "remove_seed"),
            (Request::Reload, "reload"),
            (Request::Refresh, "refresh"),
        ] {
            let (stored, argument) = request.parts();
            assert_eq!(stored, command);
            assert_eq!(Request::of(&stored, &argument), Ok(request));
        }
        for (command, argument) in [
            ("pause", "{}"),
            ("pause", "null"),
            ("halt", "null"),
            ("cancel", "{\"ids\":[1]}"),
            ("reload", "x"),
        ] {
            assert!(
                Request::of(command, argument).is_err(),
                "{command} {argument}"
            );
        }
    }
}
