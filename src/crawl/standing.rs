//! What the answer to the free account call says about the key. Pure.

use crate::api;
use crate::api::account::Account;

/// What the free account call says about the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The key and the account are fine.
    Fine,
    /// The remote refuses the key or the account.
    Refused(String),
    /// The remote does not offer the account call to this key.
    Unoffered,
    /// The account call got no answer that says anything.
    Unknown,
}

/// Answer to the account call.
#[derive(Debug, Clone)]
pub struct AccountAnswer {
    /// Unix time when the call was sent.
    pub asked_at: f64,
    pub account: Option<Account>,
    pub standing: Standing,
    /// Why there is no account info; `None` if there is, or if the remote answered with something else.
    pub error: Option<api::Error>,
    /// The remote answered.
    pub is_reachable: bool,
}

/// Returns what the account call says about the key.
pub(super) fn standing(read: &std::result::Result<Option<Account>, api::Error>) -> Standing {
    match read {
        Ok(Some(account)) => account
            .problem()
            .map_or(Standing::Fine, |why| Standing::Refused(why.to_owned())),
        // 403 may only mean that the key lacks access to the account info (api/README.md §4).
        Err(error @ api::Error::Refused { status, .. }) if *status != 403 => {
            Standing::Refused(error.to_string())
        }
        Ok(None)
        | Err(
            api::Error::Refused { .. } | api::Error::Missing { .. } | api::Error::Invalid { .. },
        ) => Standing::Unoffered,
        Err(_) => Standing::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{Standing, standing};
    use crate::api::Error;
    use crate::api::account::Account;
    use crate::api::error::About;

    #[test]
    fn only_the_accounts_own_words_refuse_or_excuse_it() {
        let account = |balance_usd, key_is_active| {
            Ok(Some(Account {
                balance_usd: Some(balance_usd),
                free_credit_usd: Some(0.0),
                key_is_active,
                ..Account::default()
            }))
        };
        let refused = |status| {
            Err(Error::Refused {
                status,
                about: About::Unsaid,
                why: String::new(),
            })
        };
        let missing = Err(Error::Missing {
            about: About::Path,
            why: String::new(),
        });
        let throttled = Err(Error::Throttled { after: None });
        assert_eq!(standing(&account(1.0, None)), Standing::Fine);
        assert_eq!(standing(&account(1.0, Some(true))), Standing::Fine);
        for answer in [
            account(0.0, None),
            account(1.0, Some(false)),
            refused(401),
            refused(402),
        ] {
            assert!(
                matches!(standing(&answer), Standing::Refused(_)),
                "{answer:?}"
            );
        }
        for answer in [Ok(None), refused(403), missing] {
            assert_eq!(standing(&answer), Standing::Unoffered);
        }
        assert_eq!(standing(&throttled), Standing::Unknown);
    }
}
