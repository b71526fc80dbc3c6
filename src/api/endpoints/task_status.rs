//! Returns the progress of a video task. Free.

use crate::api::endpoint::{Endpoint, Param, ShapeFn};
use crate::api::json::Json;
use crate::model::{MicroUsd, SubjectKind};

/// `get_task_status`.
pub struct TaskStatus;

impl Endpoint for TaskStatus {
    const NAME: &'static str = "get_task_status";
    const PATH: &'static str = "/api/v1/sora2/get_task_status";
    const PARAMS: &'static [Param] = &[Param::required("task_id", "task id, `task_…`")];
    const SUBJECT: Option<&'static str> = Some("task_id");
    const PRICE: MicroUsd = MicroUsd(0);
    const YIELDS: &'static str = "nothing";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Generation];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Task;
    const DEPRECATED: bool = true;
    const CALLS_PER_SECOND: Option<u32> = Some(1);
    const SHAPE: Option<ShapeFn> = Some(shape);
}

/// The state of a task.
fn shape(data: &Json<'_>) -> Option<String> {
    match (data.get("id")?, data.get("status")?) {
        (Json::Text(id), Json::Text(_)) if id.starts_with("task_") => Some(id.to_string()),
        _ => None,
    }
}
