//! Uploads an image for a video.

use crate::api::endpoint::{Body, Endpoint, Method, Param, ShapeFn};
use crate::api::json::Json;
use crate::model::{MicroUsd, SubjectKind};

/// `upload_image`.
pub struct UploadImage;

impl Endpoint for UploadImage {
    const NAME: &'static str = "upload_image";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/sora2/upload_image";
    const PARAMS: &'static [Param] =
        &[Param::required("file", "PNG or JPEG file of at most 10 MB")];
    const BODY: Body = Body::Multipart;
    const PRICE: MicroUsd = MicroUsd(1_000);
    const YIELDS: &'static str = "nothing";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Image];
    const SUBJECT_KIND: SubjectKind = SubjectKind::File;
    const CREATES: bool = true;
    const CALLS_PER_SECOND: Option<u32> = Some(1);
    const SHAPE: Option<ShapeFn> = Some(shape);
}

/// An uploaded image.
fn shape(data: &Json<'_>) -> Option<String> {
    match data.get("id")? {
        Json::Text(id) if id.starts_with("media_") => Some(String::new()),
        _ => None,
    }
}
