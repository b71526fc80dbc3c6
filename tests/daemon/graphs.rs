//! `soracrawl export gexf` and `graphml`: networks of users.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;
use soracrawl::sim::Shape;
use soracrawl::store::read::Network;

use crate::support::{Site, small};

type Attributes = BTreeMap<String, String>;

/// Returns the tags of an XML file with their attributes, and the texts of `data` by key.
fn tags(path: &Path) -> Vec<(String, Attributes)> {
    let mut reader = Reader::from_file(path).expect("a file");
    let (mut buffer, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader
            .read_event_into(&mut buffer)
            .expect("well-formed XML")
        {
            Event::Eof => return found,
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute");
                    let name = attribute.key.as_ref().to_owned();
                    let value = attribute.value.to_string();
                    (name, value)
                });
                let name = tag.name().as_ref().to_owned();
                found.push((name, attributes.collect()));
            }
            Event::Text(text) => {
                if let Some((name, attributes)) = found.last_mut()
                    && name == "data"
                {
                    let text = text.to_string();
                    attributes.entry("text".to_owned()).or_insert(text);
                }
            }
            _ => {}
        }
        buffer.clear();
    }
}

fn of_name<'t>(tags: &'t [(String, Attributes)], name: &str) -> Vec<&'t Attributes> {
    let named = tags.iter().filter(|(tag, _)| tag == name);
    named.map(|(_, attributes)| attributes).collect()
}

async fn exported(
    site: &Site,
    format: &str,
    network: &str,
    more: &[&str],
) -> Vec<(String, Attributes)> {
    let into = format!("{format}-{network}-{}", more.join("").replace("--", ""));
    let arguments = [
        "export",
        format,
        "--network",
        network,
        "--into",
        &into,
        "--licence",
        "none",
    ];
    site.run(&[&arguments[..], more].concat()).await.with(0);
    tags(&site.file(&format!("{into}/{network}.{format}")))
}

#[tokio::test]
async fn both_forms_have_every_edge_with_its_weight_and_the_users_at_its_ends() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let name = "update users set username = username || char(27) || '<&\"' where id = (select author_id from comments limit 1)";
    site.execute(name).await;
    for network in Network::ALL {
        let gexf = exported(&site, "gexf", network.name(), &[]).await;
        let graphml = exported(&site, "graphml", network.name(), &[]).await;
        let (nodes, edges) = (of_name(&gexf, "node"), of_name(&gexf, "edge"));
        let ids: BTreeSet<&String> = nodes.iter().map(|node| &node["id"]).collect();
        let ends: BTreeSet<&String> = edges
            .iter()
            .flat_map(|edge| [&edge["source"], &edge["target"]])
            .collect();
        assert_eq!(ids, ends, "{network:?}");
        assert_eq!(ids.len(), nodes.len(), "{network:?}");
        let pairs = |edges: &[&Attributes]| -> Vec<(String, String)> {
            let pair = |edge: &&Attributes| (edge["source"].clone(), edge["target"].clone());
            edges.iter().map(pair).collect()
        };
        assert_eq!(
            pairs(&edges),
            pairs(&of_name(&graphml, "edge")),
            "{network:?}"
        );
        let weight: i64 = edges
            .iter()
            .map(|edge| edge["weight"].parse::<i64>().expect("a number"))
            .sum();
        let weights = of_name(&graphml, "data")
            .into_iter()
            .filter(|data| data["key"] == "weight");
        let again: i64 = weights
            .map(|data| data["text"].parse::<i64>().expect("a number"))
            .sum();
        let kind = match network {
            Network::Comments => "comment",
            Network::Replies => "reply",
            Network::Mentions => "mention",
            Network::Remixes => "remix",
            Network::Reposts => "repost",
            Network::Appearances => "appearance",
            Network::Follows => "follow",
            Network::CoAppearance | Network::CoComment => "",
        };
        let rows = match network {
            Network::CoAppearance => {
                "select count(*) from appearances a join appearances b on b.post_id = a.post_id and b.user_id > a.user_id"
                    .to_owned()
            }
            Network::CoComment => {
                "with spoke as (select distinct author_id, post_id from comments) select count(*) from spoke a
                 join spoke b on b.post_id = a.post_id and b.author_id > a.author_id"
                    .to_owned()
            }
            _ => format!("select count(*) from interaction_edges where kind = '{kind}'"),
        };
        let rows = site.number(&rows).await;
        assert_eq!((weight, again), (rows, rows), "{network:?}");
        assert!(rows > 0, "{network:?}");
        let edge_type = &of_name(&gexf, "graph")[0]["defaultedgetype"];
        assert_eq!(
            edge_type == "directed",
            network.is_directed(),
            "{network:?}"
        );
    }
    let comments = exported(&site, "gexf", "comments", &["--dynamic"]).await;
    let strange = of_name(&comments, "node");
    let mut labels = strange.iter().map(|node| node["label"].as_str());
    assert!(labels.any(|label| label.ends_with("&lt;&amp;&quot;")));
    for edge in of_name(&comments, "edge") {
        assert!(
            edge["start"] <= edge["end"] && edge["start"].ends_with('Z'),
            "{edge:?}"
        );
    }
    let package = std::fs::read_to_string(site.file("gexf-comments-dynamic/datapackage.json"));
    assert!(
        package
            .expect("a manifest")
            .contains("1 characters that XML forbids")
    );
}

#[tokio::test]
async fn weak_edges_and_users_with_few_neighbours_are_left_out() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let all = exported(&site, "gexf", "comments", &[]).await;
    let strong = exported(&site, "gexf", "comments", &["--min-weight", "2"]).await;
    let weights = |tags: &[(String, Attributes)]| -> Vec<i64> {
        let edges = of_name(tags, "edge").into_iter();
        edges
            .map(|edge| edge["weight"].parse().expect("a number"))
            .collect()
    };
    let expected: Vec<i64> = weights(&all)
        .into_iter()
        .filter(|weight| *weight >= 2)
        .collect();
    assert_eq!(weights(&strong), expected);
    assert!(!expected.is_empty() && expected.len() < weights(&all).len());

    let linked = exported(&site, "gexf", "follows", &["--min-degree", "3"]).await;
    let everyone = exported(&site, "gexf", "follows", &[]).await;
    let mut neighbours: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for edge in of_name(&everyone, "edge") {
        neighbours
            .entry(&edge["source"])
            .or_default()
            .insert(&edge["target"]);
        neighbours
            .entry(&edge["target"])
            .or_default()
            .insert(&edge["source"]);
    }
    let expected: Vec<&str> = neighbours
        .iter()
        .filter(|(id, others)| others.iter().filter(|other| other != id).count() >= 3)
        .map(|(id, _)| *id)
        .collect();
    let nodes = of_name(&linked, "node");
    let nodes: Vec<&str> = nodes.iter().map(|node| node["id"].as_str()).collect();
    assert_eq!(nodes, expected);
    assert!(nodes.len() < neighbours.len());
    site.run(&[
        "export",
        "gexf",
        "--network",
        "friends",
        "--into",
        "x",
        "--licence",
        "none",
    ])
    .await
    .with(2);
}
