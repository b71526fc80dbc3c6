//! The elements of GEXF and GraphML.

use std::io::{Result, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::export::output::Output;
use crate::export::text::iso;
use crate::store::read::{GraphEdge, GraphNode, GraphOptions};

/// The form of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    Gexf,
    Graphml,
}

/// Attributes of nodes: name and type.
const OF_NODES: [(&str, &str); 4] = [
    ("verified", "boolean"),
    ("follower_count", "long"),
    ("post_count", "long"),
    ("created_at", "string"),
];
/// Attributes of edges beside the weight.
const OF_EDGES: [(&str, &str); 2] = [("first_at", "string"), ("last_at", "string")];

pub(super) struct Document {
    pub(super) xml: Writer<Output>,
    pub(super) format: GraphFormat,
    pub(super) is_dynamic: bool,
    /// Characters that XML forbids.
    pub(super) removed: u64,
}

impl Document {
    pub(super) fn failed(&self, error: std::io::Error) -> crate::export::Error {
        self.xml.get_ref().failed(error)
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<()> {
        let tag = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.xml.write_event(Event::Start(tag))
    }

    fn close(&mut self, name: &str) -> Result<()> {
        self.xml.write_event(Event::End(BytesEnd::new(name)))
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<()> {
        let tag = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.xml.write_event(Event::Empty(tag))
    }

    /// Takes out the characters that XML 1.0 forbids.
    fn legal(&mut self, text: &str) -> String {
        let is_legal =
            |it: &char| matches!(it, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
        let legal: String = text.chars().filter(is_legal).collect();
        self.removed += (text.chars().count() - legal.chars().count()) as u64;
        legal
    }

    pub(super) fn head(&mut self, of: &GraphOptions) -> Result<()> {
        self.xml
            .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let directed = match of.network.is_directed() {
            true => "directed",
            false => "undirected",
        };
        match self.format {
            GraphFormat::Gexf => self.gexf_head(directed),
            GraphFormat::Graphml => self.graphml_head(directed),
        }
    }

    fn gexf_head(&mut self, directed: &str) -> Result<()> {
        self.open(
            "gexf",
            &[("xmlns", "http://gexf.net/1.3"), ("version", "1.3")],
        )?;
        let mut graph = vec![("defaultedgetype", directed)];
        match self.is_dynamic {
            true => graph.extend([
                ("mode", "dynamic"),
                ("timerepresentation", "interval"),
                ("timeformat", "date"),
                ("timezone", "UTC"),
            ]),
            false => graph.push(("mode", "static")),
        }
        self.open("graph", &graph)?;
        for (class, attributes) in [("node", &OF_NODES[..]), ("edge", &OF_EDGES)] {
            self.open("attributes", &[("class", class), ("mode", "static")])?;
            for (name, kind) in attributes {
                self.empty(
                    "attribute",
                    &[("id", name), ("title", name), ("type", kind)],
                )?;
            }
            self.close("attributes")?;
        }
        self.open("nodes", &[])
    }

    fn graphml_head(&mut self, directed: &str) -> Result<()> {
        self.open(
            "graphml",
            &[("xmlns", "http://graphml.graphdrawing.org/xmlns")],
        )?;
        let labels = [("label", "string")];
        for (name, kind) in labels.iter().chain(&OF_NODES) {
            let key = [
                ("id", *name),
                ("for", "node"),
                ("attr.name", name),
                ("attr.type", kind),
            ];
            self.empty("key", &key)?;
        }
        let weights = [("weight", "double"), ("kind", "string")];
        for (name, kind) in weights.iter().chain(&OF_EDGES) {
            let key = [
                ("id", *name),
                ("for", "edge"),
                ("attr.name", name),
                ("attr.type", kind),
            ];
            self.empty("key", &key)?;
        }
        self.open("graph", &[("id", "G"), ("edgedefault", directed)])
    }

    pub(super) fn node(&mut self, node: &GraphNode) -> Result<()> {
        let id = self.legal(&node.user_id);
        let label = node.username.as_deref().unwrap_or(&node.user_id);
        let label = self.legal(label);
        let values = [
            node.verified.map(|it| it.to_string()),
            node.follower_count.map(|it| it.to_string()),
            node.post_count.map(|it| it.to_string()),
            node.created_at.and_then(iso),
        ];
        match self.format {
            GraphFormat::Gexf => self.open("node", &[("id", &id), ("label", &label)])?,
            GraphFormat::Graphml => {
                self.open("node", &[("id", &id)])?;
                self.datum("label", &label)?;
            }
        }
        self.values(&OF_NODES, &values)?;
        self.close("node")
    }

    pub(super) fn between(&mut self) -> Result<()> {
        match self.format {
            GraphFormat::Gexf => {
                self.close("nodes")?;
                self.open("edges", &[])
            }
            GraphFormat::Graphml => Ok(()),
        }
    }

    pub(super) fn edge(&mut self, number: u64, edge: &GraphEdge, kind: &str) -> Result<()> {
        let (source, target) = (self.legal(&edge.source), self.legal(&edge.target));
        let (id, weight) = (number.to_string(), edge.weight.to_string());
        let times = [edge.first_at.and_then(iso), edge.last_at.and_then(iso)];
        let mut attributes = vec![
            ("id", id.as_str()),
            ("source", &source),
            ("target", &target),
        ];
        match self.format {
            GraphFormat::Gexf => {
                attributes.extend([("weight", weight.as_str()), ("kind", kind)]);
                if let ([Some(first), Some(last)], true) = (&times, self.is_dynamic) {
                    attributes.extend([("start", first.as_str()), ("end", last)]);
                }
                self.open("edge", &attributes)?;
            }
            GraphFormat::Graphml => {
                self.open("edge", &attributes)?;
                self.datum("weight", &weight)?;
                self.datum("kind", kind)?;
            }
        }
        self.values(&OF_EDGES, &times)?;
        self.close("edge")
    }

    /// Writes the values that are known.
    fn values(&mut self, names: &[(&str, &str)], values: &[Option<String>]) -> Result<()> {
        if self.format == GraphFormat::Gexf {
            self.open("attvalues", &[])?;
        }
        for ((name, _), value) in names.iter().zip(values) {
            if let Some(value) = value {
                self.datum(name, value)?;
            }
        }
        if self.format == GraphFormat::Gexf {
            self.close("attvalues")?;
        }
        Ok(())
    }

    fn datum(&mut self, name: &str, value: &str) -> Result<()> {
        if self.format == GraphFormat::Gexf {
            return self.empty("attvalue", &[("for", name), ("value", value)]);
        }
        self.open("data", &[("key", name)])?;
        self.xml.write_event(Event::Text(BytesText::new(value)))?;
        self.close("data")
    }

    pub(super) fn end(&mut self) -> Result<()> {
        let names = match self.format {
            GraphFormat::Gexf => &["edges", "graph", "gexf"][..],
            GraphFormat::Graphml => &["graph", "graphml"],
        };
        names.iter().try_for_each(|name| self.close(name))?;
        self.xml.get_mut().write_all(b"\n")
    }
}
