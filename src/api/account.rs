//! Account info: a free call, made once before the first paid call of a run.

use super::json::Json;

/// Name of the call in the ledger.
pub const NAME: &str = "get_user_info";
pub const PATH: &str = "/api/v1/tikhub/user/get_user_info";

/// Account info for display to the operator. Every field may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// Balance in US dollars as a float, as the remote writes it. For display only.
    pub balance_usd: Option<f64>,
    pub free_credit_usd: Option<f64>,
    pub key_name: Option<String>,
    pub key_is_active: Option<bool>,
    pub is_disabled: Option<bool>,
    pub email_is_verified: Option<bool>,
}

impl Account {
    /// Returns why the remote refuses paid calls of this account, if the info says so.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let credit = self
            .balance_usd
            .map(|balance| balance + self.free_credit_usd.unwrap_or(0.0));
        if self.is_disabled == Some(true) {
            Some("the account is disabled")
        } else if self.key_is_active == Some(false) {
            Some("the key is not active")
        } else if credit.is_some_and(|credit| credit <= 0.0) {
            Some("the account has no credit")
        } else {
            None
        }
    }
}

/// Parses a reply body that has `api_key_data` or `user_data` (api/README.md §5). Returns `None` for any other body.
#[must_use]
pub fn read(body: &[u8]) -> Option<Account> {
    let tree = Json::parse(std::str::from_utf8(body).ok()?).ok()?;
    let part = |name: &str| tree.get(name).or_else(|| tree.get("data")?.get(name));
    let (key, user) = (part("api_key_data"), part("user_data"));
    if key.is_none() && user.is_none() {
        return None;
    }
    let of =
        |part: Option<&Json<'_>>, name: &str| part.and_then(|part| part.get(name)).and_then(number);
    Some(Account {
        balance_usd: of(user, "balance"),
        free_credit_usd: of(user, "free_credit"),
        key_name: key.and_then(|key| key.get("api_key_name")).and_then(text),
        key_is_active: of(key, "api_key_status").map(|status| status != 0.0),
        is_disabled: of(user, "account_disabled").map(|flag| flag != 0.0),
        email_is_verified: of(user, "email_verified").map(|flag| flag != 0.0),
    })
}

fn number(json: &Json<'_>) -> Option<f64> {
    match json {
        Json::Bool(flag) => Some(f64::from(u8::from(*flag))),
        #[expect(
            clippy::cast_precision_loss,
            reason = "an account's balance, for display"
        )]
        Json::Int(number) => Some(*number as f64),
        Json::Float(number) => Some(*number),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn text(json: &Json<'_>) -> Option<String> {
    match json {
        Json::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, read};

    #[test]
    fn only_the_documented_body_parses_as_an_account() {
        let page = br#"{"code":200,"api_key_data":{"api_key_name":"Develop Test","api_key_status":1},
            "user_data":{"balance":100,"free_credit":"0.5","email_verified":true,"account_disabled":false}}"#;
        let account = Account {
            balance_usd: Some(100.0),
            free_credit_usd: Some(0.5),
            key_name: Some("Develop Test".to_owned()),
            key_is_active: Some(true),
            is_disabled: Some(false),
            email_is_verified: Some(true),
        };
        assert_eq!(read(page), Some(account));
        for other in ["", "[]", "{}", "<html>", r#"{"detail":"Not Found"}"#] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
    }
}
