//! Files whose names or contents name an erased person, imported before and after the erasure.

use soracrawl::sim::Shape;

use crate::import::{contents, crawled, import};

const FILES: &str = "select file from sources order by id";

#[tokio::test]
async fn no_file_name_keeps_or_brings_back_an_erased_person() {
    let site = crawled(Shape::Wrapped).await;
    let person = site.person(&site.user(0)).await;
    let name = person.name.clone();
    let capital = name.to_uppercase();
    std::fs::create_dir(site.file(&name)).expect("a folder");
    let files = [
        format!("{name}.jsonl"),
        format!("{capital}.jsonl"),
        format!("{name}/page.jsonl"),
        format!("posts_{name}-2026.jsonl"),
        format!("{}.jsonl", person.id),
        "others.jsonl".to_owned(),
    ];
    let write = |round: usize| {
        for (number, file) in files.iter().enumerate() {
            let line = format!(r#"{{"post":{{"id":"s_{round}x{number}","text":"one"}}}}"#);
            std::fs::write(site.file(file), line).expect("a file");
        }
    };
    let import_all = async || {
        for file in &files {
            let ended = import(&site, "a.db", &[file]).await.with(0);
            assert!(ended.out.contains("1 reply imported"), "{}", ended.out);
        }
    };
    write(1);
    import_all().await;
    let before = site.texts(FILES).await;
    assert_eq!(before.len(), 6);
    assert!(before.iter().any(|file| file.ends_with(&files[3])));
    site.erase(&person).await;
    let clean = |all: &[String]| {
        for file in all {
            let file = file.to_lowercase();
            assert!(!file.contains(&name.to_lowercase()), "{file}");
            assert!(!file.contains(&person.id), "{file}");
        }
    };
    let after = site.texts(FILES).await;
    assert_eq!(after.len(), 6);
    clean(&after);
    assert!(after[5].ends_with("/others.jsonl"), "{after:?}");
    assert!(
        after[3].ends_with("/posts_[erased]-2026.jsonl"),
        "{after:?}"
    );
    site.run(&["verify", "--absent", "people"]).await.with(0);
    // They do not come back with the next import.
    write(2);
    import_all().await;
    let later = site.texts(FILES).await;
    clean(&later);
    site.run(&["verify", "--absent", "people"]).await.with(0);
    contents(&site, "a.db").await;
    // A search finds what somebody put back.
    let sql = format!(
        "update sources set file = '/x/of_{}.har' where id = 6",
        person.id
    );
    site.execute(&sql).await;
    let ended = site.run(&["verify", "--absent", "people"]).await;
    assert_ne!(ended.code, 0);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains("sources.file"), "{said}");
}

#[tokio::test]
async fn messages_and_reports_do_not_quote_an_erased_person() {
    let site = crawled(Shape::Wrapped).await;
    let person = site.person(&site.user(0)).await;
    site.erase(&person).await;
    let (id, name) = (&person.id, &person.name);
    let key = "sk-0123456789abcdef0123";
    let lines = [
        format!(r#"{{"endpoint":"/api/v1/x/{id}","body":{{}}}}"#),
        format!(r#"{{"endpoint":"/api/v1/x?api_key={key}","body":{{}}}}"#),
        format!(r#"{{"code":200,"router":"/api/v1/@{name}?api_key={key}","data":{{}}}}"#),
        format!(r#"{{"url":"https://h/api/v1/sora2/get_user_profile?user_id={id}","body":{{}}}}"#),
        format!(r#"{{"post":{{"id":"s_1","author":{{"user_id":"{id}","username":"{name}"}}}}}}"#),
    ];
    std::fs::write(site.file("x.jsonl"), lines.join("\n")).expect("a file");
    for more in [
        &["x.jsonl", "--json"][..],
        &["x.jsonl"],
        &["x.jsonl", "--dry-run"],
    ] {
        let ended = import(&site, "a.db", more).await.with(3);
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("is no endpoint of this archive"), "{said}");
        for secret in [id, name, key] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
    }
    assert_eq!(site.traces(&person).await, Vec::<String>::new());
}
