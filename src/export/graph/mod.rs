//! Networks of users for Gephi and others: GEXF 1.3 (gexf.net) and GraphML (graphml.graphdrawing.org).
//!
//! A node is a user, with the id of the remote and the name as its label. The weight of an edge is a number of interactions.

mod document;

use document::Document;
pub use document::GraphFormat;
use futures_util::TryStreamExt;
use quick_xml::Writer;

use super::folder::Folder;
use super::tables::Job;
use super::{Error, Written, WrittenFile};
use crate::store::read::GraphOptions;

/// A network to write.
#[derive(Debug, Clone)]
pub struct Graph {
    pub format: GraphFormat,
    pub of: GraphOptions,
    /// Edges have a time.
    pub is_dynamic: bool,
}

/// Writes a network.
pub(super) async fn write(
    job: &mut Job<'_>,
    what: &Graph,
    folder: &Folder,
) -> Result<Written, Error> {
    let name = what.of.network.name();
    let file = match what.format {
        GraphFormat::Gexf => format!("{name}.gexf"),
        GraphFormat::Graphml => format!("{name}.graphml"),
    };
    let mut graph = Document {
        xml: Writer::new_with_indent(folder.file(&file)?, b' ', 1),
        format: what.format,
        is_dynamic: what.is_dynamic,
        removed: 0,
    };
    let hidden = |id: &mut String| {
        if let Some(pseudonyms) = &job.pseudonyms {
            *id = pseudonyms.user(id);
        }
    };
    job.progress.table(name, 0);
    graph.head(&what.of).map_err(|error| graph.failed(error))?;
    let mut nodes = job.snapshot.graph_nodes(&what.of);
    while let Some(mut node) = nodes.try_next().await? {
        hidden(&mut node.user_id);
        node.username = node.username.filter(|_| job.pseudonyms.is_none());
        graph.node(&node).map_err(|error| graph.failed(error))?;
    }
    drop(nodes);
    graph.between().map_err(|error| graph.failed(error))?;
    let (mut edges, mut rows) = (job.snapshot.graph_edges(&what.of), 0);
    while let Some(mut edge) = edges.try_next().await? {
        hidden(&mut edge.source);
        hidden(&mut edge.target);
        if job.pseudonyms.is_some() && !what.of.network.is_directed() && edge.source > edge.target {
            std::mem::swap(&mut edge.source, &mut edge.target);
        }
        graph
            .edge(rows, &edge, name)
            .map_err(|error| graph.failed(error))?;
        rows += 1;
        job.progress.rows(1);
    }
    drop(edges);
    graph.end().map_err(|error| graph.failed(error))?;
    let removed = graph.removed;
    let sum = graph.xml.into_inner().finish()?;
    Ok(Written {
        name: name.to_owned(),
        about: match removed {
            0 => format!("Network of users: {name}."),
            _ => format!(
                "Network of users: {name}. {removed} characters that XML forbids were removed."
            ),
        },
        columns: Vec::new(),
        files: vec![WrittenFile {
            path: file,
            rows,
            sum,
        }],
    })
}
