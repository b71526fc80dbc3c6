//! Checks that what compose.yaml mounts, sets and publishes exists, and fits the files that Prometheus and Grafana read.

use std::collections::BTreeSet;

use clap::Parser;
use soracrawl::cli::Cli;
use soracrawl::config::{Config, KEYS, variable};

use crate::yaml::{at, facts, keys, one};
use crate::{file, root};

const OURS: &str = "services.soracrawl";

fn compose() -> Vec<(String, String)> {
    facts(&file("compose.yaml"))
}

/// Returns where a container sees the secrets of a service.
fn secrets_of(facts: &[(String, String)], service: &str) -> Vec<String> {
    let path = format!("services.{service}.secrets");
    let plain = at(facts, &path);
    let named = at(facts, &format!("{path}.target"));
    let names = plain.iter().chain(&named);
    names.map(|name| format!("/run/secrets/{name}")).collect()
}

/// Returns the sources and the targets of the mounts of a service.
fn mounts_of<'a>(facts: &'a [(String, String)], service: &str) -> Vec<(&'a str, &'a str)> {
    let mounts = at(facts, &format!("services.{service}.volumes"));
    let parts = mounts.iter().map(|mount| {
        let mut parts = mount.split(':');
        let source = parts.next().expect("a source");
        (source, parts.next().expect("a target"))
    });
    parts.collect()
}

/// Returns the environment of our service.
fn environment(facts: &[(String, String)]) -> Vec<(String, String)> {
    let path = format!("{OURS}.environment");
    let names = keys(facts, &path).into_iter();
    names
        .map(|name| {
            let value = one(facts, &format!("{path}.{name}"));
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

#[test]
fn the_environment_of_compose_is_a_valid_configuration() {
    let facts = compose();
    let environment = environment(&facts);
    let keys: BTreeSet<String> = KEYS.iter().map(|key| variable(key.path)).collect();
    for (name, _) in &environment {
        assert!(keys.contains(name), "there is no key for {name}");
    }
    let sections = ["ARCHIVE", "API", "WEB"].map(|name| format!("SORACRAWL_{name}__"));
    for section in sections {
        let is_of_it = |(name, _): &(String, String)| name.starts_with(&section);
        assert!(environment.iter().any(is_of_it), "nothing of {section}");
    }
    let config = Config::parse("compose.yaml", "", environment.into_iter()).expect("valid values");
    assert!(config.archive.path.starts_with("/data"));
    let key_file = config.api.key_file.expect("a key file");
    let secrets = secrets_of(&facts, "soracrawl");
    assert!(
        secrets
            .iter()
            .any(|secret| key_file.as_os_str() == &**secret)
    );
    let token = one(
        &facts,
        &format!("{OURS}.environment.SORACRAWL_WEB__TOKEN_FILE"),
    );
    assert!(secrets.iter().any(|secret| secret == token), "{token}");
}

#[test]
fn the_command_of_compose_is_one_of_the_program() {
    let facts = compose();
    let list = |name: &str| -> Vec<String> {
        serde_json::from_str(one(&facts, &format!("{OURS}.{name}"))).expect("the exec form")
    };
    Cli::try_parse_from([vec!["soracrawl".to_owned()], list("command")].concat())
        .expect("a command");
    let entry = list("entrypoint");
    assert_eq!(one(&facts, &format!("{OURS}.restart")), "unless-stopped");
    assert_eq!(entry, ["soracrawl-hold"]);
    let installed = format!("COPY contrib/docker/{0} /usr/local/bin/{0}\n", entry[0]);
    assert!(file("Dockerfile").contains(&installed), "{installed}");
}

#[test]
fn every_image_has_a_pinned_version() {
    let facts = compose();
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let version = manifest["package"]["version"].as_str().expect("a version");
    let services = keys(&facts, "services");
    assert_eq!(services, ["soracrawl", "prometheus", "grafana"]);
    for service in services {
        let image = one(&facts, &format!("services.{service}.image"));
        let (_, tag) = image.split_once(':').expect("a tag");
        let parts = tag.trim_start_matches('v').split('.');
        let is_number = |part: &str| part.parse::<u32>().is_ok();
        assert_eq!(
            parts.clone().filter(|part| is_number(part)).count(),
            3,
            "{image}"
        );
        assert!(service != "soracrawl" || tag == version, "{image}");
        let profiles = at(&facts, &format!("services.{service}.profiles"));
        assert_eq!(profiles.is_empty(), service == "soracrawl", "{service}");
    }
}

#[test]
fn every_file_that_compose_mounts_exists() {
    let facts = compose();
    let volumes: Vec<&str> = ["archive", "prometheus", "grafana"].to_vec();
    let text = file("compose.yaml");
    let (_, declared) = text.split_once("\nvolumes:\n").expect("volumes");
    let declared: Vec<&str> = declared
        .lines()
        .map_while(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .collect();
    assert_eq!(declared, volumes);
    let mut missing = Vec::new();
    for service in keys(&facts, "services") {
        for (source, target) in mounts_of(&facts, service) {
            assert!(target.starts_with('/'), "{target}");
            let Some(path) = source.strip_prefix("./") else {
                assert!(volumes.contains(&source), "no volume {source}");
                continue;
            };
            // The operator's own file.
            let is_there = root().join(path).exists()
                || path == "crawler.toml" && root().join("crawler.toml.example").exists();
            if !is_there {
                missing.push(path);
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_secret_is_a_file_that_git_ignores_and_the_document_names() {
    let facts = compose();
    let operations = file("docs/operations.md");
    assert!(file(".gitignore").lines().any(|line| line == "/secrets"));
    assert!(!file(".dockerignore").contains("secrets"));
    let mut used = BTreeSet::new();
    for service in keys(&facts, "services") {
        let path = format!("services.{service}.secrets");
        used.extend(at(&facts, &path));
        used.extend(at(&facts, &format!("{path}.source")));
    }
    let declared: BTreeSet<&str> = keys(&facts, "secrets").into_iter().collect();
    assert_eq!(used, declared);
    for name in declared {
        let source = one(&facts, &format!("secrets.{name}.file"));
        assert_eq!(source, format!("./secrets/{name}"));
        assert!(operations.contains(&format!(" secrets/{name}\n")), "{name}");
    }
}

#[test]
fn logs_are_bounded_and_ports_are_of_the_host_only() {
    let facts = compose();
    let count: u32 = one(&facts, "x-logging.options.max-file")
        .parse()
        .expect("a number");
    assert!((2..=10).contains(&count));
    assert!(one(&facts, "x-logging.options.max-size").ends_with('m'));
    for service in keys(&facts, "services") {
        let of = |key: &str| at(&facts, &format!("services.{service}.{key}"));
        assert_eq!(of("logging"), ["*logging"], "{service}");
        for port in of("ports") {
            assert!(port.starts_with("127.0.0.1:"), "{service}: {port}");
        }
    }
}

#[test]
fn prometheus_and_grafana_read_what_compose_gives_them() {
    let facts = compose();
    let is_mounted = |service: &str, path: &str| {
        let mut mounts = mounts_of(&facts, service).into_iter();
        mounts.any(|(_, target)| target == path)
    };
    let prometheus = crate::yaml::facts(&file("contrib/prometheus/prometheus.yml"));
    assert!(is_mounted("prometheus", "/etc/prometheus/prometheus.yml"));
    assert!(is_mounted("prometheus", one(&prometheus, "rule_files")));
    let token = one(&prometheus, "scrape_configs.authorization.credentials_file");
    assert!(
        secrets_of(&facts, "prometheus")
            .iter()
            .any(|path| path == token)
    );
    let target = one(&prometheus, "scrape_configs.static_configs.targets");
    let set = |name: &str| one(&facts, &format!("{OURS}.environment.SORACRAWL_WEB__{name}"));
    assert_eq!(set("HOSTS"), target);
    let (service, port) = target.split_once(':').expect("a port");
    assert!(keys(&facts, "services").contains(&service));
    assert!(set("LISTEN").ends_with(&format!(":{port}")));

    let provisioning = "contrib/grafana-provisioning";
    let source = crate::yaml::facts(&file(&format!("{provisioning}/datasources/prometheus.yml")));
    assert_eq!(one(&source, "datasources.url"), "http://prometheus:9090");
    assert!(at(&facts, "services.prometheus.ports").contains(&"127.0.0.1:9090:9090"));
    let provider = crate::yaml::facts(&file(&format!("{provisioning}/dashboards/soracrawl.yml")));
    let folder = one(&provider, "providers.options.path");
    assert!(is_mounted("grafana", &format!("{folder}/soracrawl.json")));
    assert!(is_mounted("grafana", "/etc/grafana/provisioning"));
    let password = one(
        &facts,
        "services.grafana.environment.GF_SECURITY_ADMIN_PASSWORD__FILE",
    );
    assert!(
        secrets_of(&facts, "grafana")
            .iter()
            .any(|path| path == password)
    );
}
