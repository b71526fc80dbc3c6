//! Orders a video from the remote. Every call is paid.

use crate::api::endpoint::{Body, Endpoint, Method, Param, ShapeFn};
use crate::api::json::Json;
use crate::model::{MicroUsd, SubjectKind};

/// `create_video`.
pub struct CreateVideo;

impl Endpoint for CreateVideo {
    const NAME: &'static str = "create_video";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/sora2/create_video";
    const PARAMS: &'static [Param] = &[
        Param::required("prompt", "prompt, at most 2000 characters"),
        Param::optional("orientation", "`portrait` (the default) or `landscape`"),
        Param::optional("media_id", "id of an uploaded image, `media_…`"),
    ];
    const BODY: Body = Body::Json;
    const PRICE: MicroUsd = MicroUsd(100_000);
    const YIELDS: &'static str = "nothing";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Task, SubjectKind::Generation];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Image;
    const DEPRECATED: bool = true;
    const CREATES: bool = true;
    const SHAPE: Option<ShapeFn> = Some(shape);
}

/// A task that was created.
fn shape(data: &Json<'_>) -> Option<String> {
    match (data.get("id")?, data.has("priority")) {
        (Json::Text(id), true) if id.starts_with("task_") => Some(String::new()),
        _ => None,
    }
}
