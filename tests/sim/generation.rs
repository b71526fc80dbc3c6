//! Video generation: upload, create, poll, fetch.

use serde_json::json;
use soracrawl::sim::{DEFAULT_KEY, Endpoint, Shape};

use crate::client::{call, send, start};

#[tokio::test]
async fn a_video_from_an_uploaded_image_is_ready_at_the_third_poll() {
    let sim = start(Shape::Wrapped).await;
    let form = |name: &str, bytes: &[u8]| {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/png\r\n\r\n"
        );
        [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat()
    };
    let multipart = "multipart/form-data; boundary=b";
    let upload = async |body: Vec<u8>| {
        send(
            &sim,
            "POST",
            Endpoint::UploadImage.path(),
            DEFAULT_KEY,
            multipart,
            &body,
        )
        .await
        .expect("an answer")
    };
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x00\0\0\0\x80".to_vec();
    let media = upload(form("cat.png", &png)).await.data();
    assert_eq!(
        (&media["width"], &media["height"]),
        (&json!(256), &json!(128))
    );
    assert_eq!(upload(form("cat.gif", b"GIF89a")).await.status, 400);
    let large = [png, vec![0; 11 << 20]].concat();
    assert_eq!(upload(form("cat.png", &large)).await.status, 400);
    let create = async |body: serde_json::Value| {
        let body = body.to_string();
        let path = Endpoint::CreateVideo.path();
        send(
            &sim,
            "POST",
            path,
            DEFAULT_KEY,
            "application/json",
            body.as_bytes(),
        )
        .await
        .expect("an answer")
    };
    assert_eq!(create(json!({"prompt": ""})).await.status, 422);
    assert_eq!(
        create(json!({"prompt": "x".repeat(2_001)})).await.status,
        422
    );
    let created = create(json!({"prompt": "A cat", "media_id": media["id"]}))
        .await
        .data();
    let task = created["id"].as_str().expect("an id");
    assert_eq!(call(&sim, Endpoint::TaskDetail, task, "").await.status, 400);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let status = call(&sim, Endpoint::TaskStatus, task, "").await.data();
        seen.push(status["status"].as_str().expect("a status").to_owned());
    }
    assert_eq!(seen, ["queued", "processing", "succeeded"]);
    let detail = call(&sim, Endpoint::TaskDetail, task, "").await.data();
    assert_eq!(detail["post"]["text"], "A cat");
    let account = sim.account();
    assert_eq!(account.total.micro_usd, 1_000 + 100_000 + 50_000);
    assert_eq!(account.endpoints["get_task_status"].billed, 0);
}
