//! Damage to bytes rather than to rows.

use soracrawl::model::{Budget, MicroUsd};
use sqlx::Connection;

use crate::site::{
    broken, connect_unchecked, copy, damage, examine, examine_within, number, report_text,
};

/// Distance of the flipped bytes in a raw reply.
const STRIDE: usize = 211;

async fn body_of(path: &std::path::Path, call: i64) -> Vec<u8> {
    let mut connection = connect_unchecked(path).await;
    let body = sqlx::query_scalar("select body from calls where id = ?")
        .bind(call)
        .fetch_one(&mut connection)
        .await
        .expect("a body");
    connection.close().await.expect("a clean close");
    body
}

async fn set_body(path: &std::path::Path, call: i64, body: &[u8]) {
    let mut connection = connect_unchecked(path).await;
    sqlx::query("update calls set body = ? where id = ?")
        .bind(body)
        .bind(call)
        .execute(&mut connection)
        .await
        .expect("a body");
    connection.close().await.expect("a clean close");
}

#[tokio::test]
async fn a_flipped_bit_in_a_raw_reply_is_found_at_any_position() {
    let (_folder, path) = copy().await;
    let call = number(
        &path,
        "select max(id) from calls where kept = 1 and endpoint = 'get_user_posts'",
    )
    .await;
    let body = body_of(&path, call).await;
    let mut tried = 0;
    for at in (0..body.len()).step_by(STRIDE) {
        let mut flipped = body.clone();
        flipped[at] ^= 0x10;
        set_body(&path, call, &flipped).await;
        let report = examine(&path).await;
        assert!(
            broken(&report).contains("replies"),
            "byte {at} of {}",
            body.len()
        );
        assert!(
            report_text(&report).contains(&format!("call {call} ")),
            "{}",
            report_text(&report)
        );
        tried += 1;
    }
    assert!(tried > 3, "{} bytes", body.len());
    set_body(&path, call, &body).await;
    assert!(
        examine(&path).await.is_sound(),
        "the archive is sound again with the original bytes"
    );
}

#[tokio::test]
async fn a_signature_in_a_raw_reply_is_found() {
    let (_folder, path) = copy().await;
    // This endpoint has too few replies for a dictionary.
    let call = number(
        &path,
        "select max(id) from calls where kept = 1 and endpoint = 'get_user_posts'",
    )
    .await;
    let body = zstd::bulk::decompress(&body_of(&path, call).await, 1 << 24).expect("a valid frame");
    let text = String::from_utf8(body).expect("UTF-8");
    assert!(
        text.contains("sign=[signature]"),
        "the simulator signs links to replies"
    );
    let signed = text.replace("sign=[signature]", "sign=0123456789abcdef0123456789abcdef");
    set_body(
        &path,
        call,
        &zstd::bulk::compress(signed.as_bytes(), 3).expect("a packed frame"),
    )
    .await;
    let report = examine(&path).await;
    assert_eq!(
        broken(&report),
        ["secrets"].into(),
        "{}",
        report_text(&report)
    );
}

#[tokio::test]
async fn a_truncated_file_is_not_sound_wherever_it_ends() {
    let (folder, path) = copy().await;
    let bytes = std::fs::read(&path).expect("the archive");
    for part in [1, 2, 3, 5, 8, 9] {
        let cut = folder.path().join(format!("{part}.db"));
        std::fs::write(&cut, &bytes[..bytes.len() * part / 10]).expect("a part");
        let report = examine(&cut).await;
        let named = broken(&report);
        assert!(
            named.contains("integrity") || named.contains("version"),
            "{part}/10: {}",
            report_text(&report)
        );
    }
    for (name, bytes) in [
        ("empty.db", &b""[..]),
        ("text.db", b"no database, but a text of some length"),
    ] {
        let other = folder.path().join(name);
        std::fs::write(&other, bytes).expect("a file");
        assert_eq!(
            broken(&examine(&other).await).first(),
            Some(&"version")
                .filter(|_| name == "empty.db")
                .or(Some(&"integrity")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_archive_of_another_version_is_reported_and_not_checked_further() {
    for (sql, what) in [
        (
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'x', 1, x'00', 0)",
            "newer version",
        ),
        (
            "delete from _sqlx_migrations where version = 4",
            "older version",
        ),
        (
            "update _sqlx_migrations set checksum = x'00' where version = 2",
            "differs from",
        ),
    ] {
        let (_folder, path) = copy().await;
        damage(&path, sql).await;
        let report = examine(&path).await;
        let is_broken = what == "differs from";
        assert_eq!(broken(&report).contains("version"), is_broken);
        assert_eq!(report.is_unchecked(), !is_broken);
        assert!(
            report_text(&report).contains(what) && !report.is_sound(),
            "{}",
            report_text(&report)
        );
    }
}

#[tokio::test]
async fn an_overdrawn_budget_is_reported() {
    let (_folder, path) = copy().await;
    let charged = number(&path, "select micro_usd from spend where scope = 'total'").await;
    for (total, is_sound) in [(charged, true), (charged - 1, false)] {
        let budget = Budget {
            total: Some(MicroUsd(total)),
            ..Budget::default()
        };
        let report = examine_within(&path, &budget).await;
        assert_eq!(report.is_sound(), is_sound, "{}", report_text(&report));
        assert_eq!(broken(&report).contains("budgets"), !is_sound);
    }
}
