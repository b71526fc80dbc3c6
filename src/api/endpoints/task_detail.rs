//! Returns the post that a task created: the same object as in `get_post_detail`.

use crate::api::endpoint::{Endpoint, HarvestFn, Malformed, Param};
use crate::api::json::Json;
use crate::api::parse::{gather, whole_post};
use crate::model::{Harvest, SubjectKind};

/// `get_task_detail`.
pub struct TaskDetail;

impl Endpoint for TaskDetail {
    const NAME: &'static str = "get_task_detail";
    const PATH: &'static str = "/api/v1/sora2/get_task_detail";
    const PARAMS: &'static [Param] = &[
        Param::optional("task_id", "task id, `task_…`"),
        Param::optional("generation_id", "generation id, `gen_…`"),
    ];
    const ONE_OF: &'static [&'static str] = &["task_id", "generation_id"];
    const SUBJECT: Option<&'static str> = Some("task_id");
    const YIELDS: &'static str = "posts, attachments, users, appearances, remixes";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Generation;
    const DEPRECATED: bool = true;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_task_id: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    gather(|gather| whole_post(gather, data).map(drop))
}
