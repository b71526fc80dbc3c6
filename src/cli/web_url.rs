//! `soracrawl web-url`: prints the address of the daemon's pages, with the token that opens them.

use super::out::outln;
use super::{Cli, Exit, Usage};
use crate::web;

pub(super) fn run(cli: &Cli) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let Some(address) = config.web.listen else {
        return Err(Usage("web.listen is not set, so there are no pages".to_owned()).into());
    };
    let file = config.token_file();
    if !file.exists() && !config.archive.path.exists() {
        // A token made in another folder would open nothing.
        return Err(Usage(format!(
            "there is no token yet in {}, and no archive {}: start the daemon first",
            file.display(),
            config.archive.path.display()
        ))
        .into());
    }
    let token = web::token(&file).map_err(|why| Usage(format!("web.token_file: {why}")))?;
    let host = match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    };
    outln!("http://{host}/login?token={token}");
    Ok(Exit::Done)
}
