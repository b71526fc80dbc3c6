//! The message of an alert in the form of each receiver. It may contain text of the remote, so it is escaped for each.

use crate::config::{AlertFormat, Config};

/// An alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The condition.
    pub alert: &'static str,
    /// It begins; otherwise it is over.
    pub is_firing: bool,
    /// What the daemon does now.
    pub sentence: String,
    /// Name of the archive's file.
    pub archive: String,
    /// Unix time.
    pub time: f64,
}

/// Returns the name of the archive's file: enough to tell one archive from another.
#[must_use]
pub fn archive_name(config: &Config) -> String {
    let name = config.archive.path.file_name();
    name.map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

/// What is sent: headers and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Message {
    fn state(&self) -> &'static str {
        match self.is_firing {
            true => "firing",
            false => "resolved",
        }
    }

    fn title(&self) -> String {
        format!(
            "soracrawl {}: {} {}",
            self.archive,
            self.alert,
            self.state()
        )
    }

    /// Returns the message in the form of a receiver.
    pub(super) fn form(&self, format: AlertFormat) -> Form {
        let json = ("content-type", "application/json".to_owned());
        match format {
            AlertFormat::Json => Form {
                headers: vec![json],
                body: serde_json::json!({
                    "alert": self.alert, "state": self.state(), "sentence": self.sentence,
                    "archive": self.archive, "time": self.time,
                })
                .to_string(),
            },
            AlertFormat::Slack => {
                let text = format!("*{}*\n{}", self.title(), self.sentence);
                // `<!channel>` and links are written with these signs (api.slack.com, "Escaping text").
                let text = text
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;")
                    // Mattermost and Discord accept this format and know `@channel` and `@everyone`.
                    .replace('@', "@\u{200b}");
                Form {
                    headers: vec![json],
                    body: serde_json::json!({ "text": text }).to_string(),
                }
            }
            AlertFormat::Ntfy => Form {
                headers: vec![
                    ("title", header(&self.title())),
                    (
                        "tags",
                        if self.is_firing {
                            "warning"
                        } else {
                            "white_check_mark"
                        }
                        .to_owned(),
                    ),
                ],
                body: self.sentence.clone(),
            },
        }
    }
}

/// Returns a text that a header can contain: printable ASCII without line breaks.
fn header(text: &str) -> String {
    let printable = |char: char| {
        if (' '..='~').contains(&char) {
            char
        } else {
            '?'
        }
    };
    text.chars().map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::{AlertFormat, Message};

    fn message(archive: &str, sentence: &str) -> Message {
        Message {
            alert: "stalled",
            is_firing: true,
            sentence: sentence.to_owned(),
            archive: archive.to_owned(),
            time: 1.5,
        }
    }

    #[test]
    fn text_of_the_remote_is_escaped_in_every_format() {
        let message = message(
            "a\r\nX-Evil: 1é.db",
            "last error: <!channel> & \"<https://evil.example|x>\"",
        );
        let slack = message.form(AlertFormat::Slack).body;
        assert!(!slack.contains('<') && !slack.contains('>'), "{slack}");
        assert!(slack.contains("&lt;!channel&gt; &amp; "), "{slack}");
        let ntfy = message.form(AlertFormat::Ntfy);
        let (_, title) = &ntfy.headers[0];
        assert_eq!(title, "soracrawl a??X-Evil: 1?.db: stalled firing");
        let json = message.form(AlertFormat::Json).body;
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["sentence"], message.sentence);
        assert_eq!(
            (value["alert"].as_str(), value["state"].as_str()),
            (Some("stalled"), Some("firing"))
        );
    }
}
