//! `soracrawl verify --absent`: searches an archive for people who must not be in it.

use std::collections::HashSet;
use std::path::Path;

use super::out::{errln, outln};
use super::table::{counted, plain, thousands};
use super::{Exit, Usage};
use crate::daemon::seed_file;
use crate::model::seed::Kind;
use crate::model::{EraseKey, SeedKind};
use crate::replies::{People, Terms};
use crate::verify::absent;

/// Most places that are printed.
const PLACES: usize = 40;

pub(super) async fn run(archive: &Path, file: &Path) -> anyhow::Result<Exit> {
    let named = |why: String| Usage(format!("{}: {why}", file.display()));
    let bytes = super::seed::bytes_of(file)?;
    let (lines, bad) = seed_file::read_numbered(Kind::Users, &bytes).map_err(named)?;
    if let Some(bad) = bad.first() {
        return Err(named(bad.to_string()).into());
    }
    let of_kind = |kind: SeedKind| -> HashSet<String> {
        let of_kind = lines.iter().filter(|(_, seed)| seed.kind == kind);
        of_kind.map(|(_, seed)| seed.subject.clone()).collect()
    };
    let terms = Terms {
        users: of_kind(SeedKind::User),
        names: of_kind(SeedKind::Name)
            .iter()
            .map(|name| name.to_lowercase())
            .collect(),
        items: HashSet::new(),
    };
    // Nothing is hashed.
    let people = People::named(EraseKey::new(&[0; 32]), terms.clone()).map_err(named)?;
    let traces = match absent(archive, &people, &terms).await {
        Ok(traces) => traces,
        Err(error) => {
            errln!("error: {error}");
            return Ok(Exit::Unchecked);
        }
    };
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    outln!(
        "searched for {} and {} in {} bytes, {} texts of tables and {} raw replies",
        counted(terms.users.len(), "id"),
        counted(terms.names.len(), "name"),
        count(traces.bytes),
        count(traces.cells),
        count(traces.replies)
    );
    for place in traces.places.iter().take(PLACES) {
        outln!("found    {}", plain(place));
    }
    if traces.places.len() > PLACES {
        outln!("… and {} more places", traces.places.len() - PLACES);
    }
    Ok(match traces.places.is_empty() {
        true => {
            outln!("nothing of them is in the archive");
            Exit::Done
        }
        false => Exit::Failed,
    })
}
