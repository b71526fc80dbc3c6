//! The configuration that the daemon follows now.

use std::sync::{Arc, PoisonError, RwLock};

use crate::config::Config;

/// The configuration, shared by the tasks of the daemon. `reload` replaces it.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Arc<Config>>>);

impl Current {
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(config))))
    }

    #[must_use]
    pub fn get(&self) -> Arc<Config> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn set(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}
