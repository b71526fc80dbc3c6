//! The tasks and images that generation calls have created.

use std::collections::{HashMap, HashSet};

use super::hash::hex;

/// Uploaded images and created tasks.
#[derive(Debug, Default)]
pub(super) struct Creation {
    pub(super) tasks: HashMap<String, Task>,
    pub(super) media: HashSet<String>,
    count: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) prompt: String,
    pub(super) is_landscape: bool,
    pub(super) polls: u32,
}

impl Creation {
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_01k{}", hex(self.count, &[prefix], 23))
    }

    /// Finds a task by its id or by the id of its generation.
    pub(super) fn task(&mut self, id: &str) -> Option<(String, &mut Task)> {
        let id = id.replacen("gen_", "task_", 1);
        self.tasks.get_mut(&id).map(|task| (id, task))
    }
}
