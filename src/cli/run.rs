//! `soracrawl run`: runs the crawl.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::MultiProgress;

use super::conclude::conclude;
use super::out::errln;
use super::{Cli, Exit, Usage, logging, progress, table};
use crate::api::Secret;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::crawl::{Engine, Plan, StopCause};
use crate::daemon::{self, Archive, Crawled, Reload, Signals, Steering};
use crate::model::MicroUsd;
use crate::report::estimate::{self, Estimate};
use crate::report::status::budget;
use crate::store::{RunKind, read};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End when no job is left, instead of waiting for new ones
    #[arg(long)]
    until_idle: bool,

    /// Continue without asking for confirmation, whatever the estimate
    #[arg(long, short)]
    yes: bool,

    /// How to show progress: bars, plain log lines, or none. By default bars on a terminal and log lines elsewhere
    #[arg(long, value_name = "HOW", value_parser = ["bars", "plain", "none"])]
    progress: Option<String>,

    /// Print the estimate of what the run costs, and make no call
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    // First, so that no signal is lost, also as process 1 of a container.
    let mut signals = Signals::listen()?;
    let config = cli.config()?;
    if args.dry_run {
        return super::estimate::of_run(&config).await;
    }
    let is_terminal = std::io::stderr().is_terminal();
    let can_draw = is_terminal && cli.source.log.is_none() && !logging::is_dumb();
    let has_bars = match args.progress.as_deref() {
        Some("bars") => is_terminal,
        Some(_) => false,
        None => can_draw,
    };
    let bars = has_bars.then(MultiProgress::new);
    let set_log = logging::start(&config.log, bars.as_ref())?;
    let key = config
        .key(super::source::environment())
        .map_err(|problem| Usage(problem.to_string()))?;
    if let Some(warning) = &key.warning {
        tracing::warn!("{warning}");
    }
    for name in config::unused(super::source::environment().map(|(name, _)| name)) {
        tracing::warn!(
            name,
            "environment variable is no key of this program; ignored"
        );
    }
    if let Some(why) = config.alerts.unreachable().into_iter().next() {
        return Err(Usage(why).into());
    }
    // Before the archive is opened: an address that is in use must not cost a run.
    let listening = daemon::listen(&config)
        .await
        .map_err(|why| Usage(format!("{why:#}")))?;
    let path = &config.archive.path;
    let archive = tokio::select! {
        // A large archive of an older version is copied first, which may take minutes.
        archive = Archive::open_with(path, RunKind::Run, cli.precaution(), Clock::real()) => archive?,
        name = signals.next() => {
            tracing::warn!(signal = name, "stopped before any call was charged");
            return Ok(Exit::Done);
        }
    };
    let plan = Plan::new(config.crawl.clone());
    let seeds = config.seeds.list();
    let prepared = tokio::select! {
        prepared = daemon::prepare(&archive.store, &plan, &seeds, archive.clock.now()) => prepared?,
        name = signals.next() => {
            tracing::warn!(signal = name, "stopped before any call was charged");
            archive.close("signal", None).await?;
            return Ok(Exit::Done);
        }
    };
    if prepared.plan_changed {
        tracing::info!("plan changed; kept replies are planned again at no cost");
    }
    let estimate = estimate::of(archive.store.readers(), &plan, &[]).await?;
    if !archive.run.continued && !confirm(&archive, &config, &estimate, args.yes).await? {
        archive.close("unconfirmed", None).await?;
        return Ok(Exit::Usage);
    }
    tracing::info!(
        expected = %estimate.expected(),
        upper = %estimate.upper(),
        "estimated cost of the pending jobs and their follow-ups"
    );
    let run = Crawl {
        until_idle: args.until_idle,
        estimated: (!archive.run.continued).then(|| estimate.upper()),
        bars,
        is_quiet: args.progress.as_deref() == Some("none"),
        steering: Steering {
            reload: Some(Reload {
                load: Box::new({
                    let source = cli.source.clone();
                    move || source.load_or_describe()
                }),
                set_log,
            }),
            listening,
        },
    };
    crawl(archive, &config, &key.secret, run, signals).await
}

/// How to crawl.
pub(super) struct Crawl {
    pub(super) until_idle: bool,
    /// The upper expectation of the cost, as estimated before the first call.
    pub(super) estimated: Option<MicroUsd>,
    pub(super) bars: Option<MultiProgress>,
    /// Log no progress.
    pub(super) is_quiet: bool,
    pub(super) steering: Steering,
}

/// Crawls, and reports the result at the end.
pub(super) async fn crawl(
    archive: Archive,
    config: &Config,
    key: &Secret,
    run: Crawl,
    mut signals: Signals,
) -> anyhow::Result<Exit> {
    let Crawl {
        until_idle,
        estimated,
        bars,
        is_quiet,
        steering,
    } = run;
    let mut parts = daemon::parts(&archive, config, key, until_idle).await?;
    parts.config.settings.estimated = estimated;
    let engine = Arc::new(Engine::new(parts));
    engine.learn_erasures(archive.people.clone(), &[]);
    let preflight = tokio::select! {
        preflight = daemon::preflight(&engine) => preflight,
        name = signals.next() => {
            tracing::warn!(signal = name, "stopped before any call was charged");
            drop(engine);
            archive.close("signal", None).await?;
            return Ok(Exit::Done);
        }
    };
    match preflight {
        Ok(Some(account)) => log_account(&account),
        Ok(None) => tracing::info!("Account info unavailable; continuing without it"),
        Err(error) => {
            tracing::error!("{error:#}");
            let cause = StopCause::Refused(format!("{error:#}"));
            daemon::tell_end(&engine, config, &cause).await;
            drop(engine);
            archive
                .close(cause.as_str(), cause.note().as_deref())
                .await?;
            return Err(error);
        }
    }
    tracing::info!(
        archive = %config.archive.path.display(),
        base_url = config.api.base_url,
        max_in_flight = config.limits.max_in_flight,
        continued = archive.run.continued,
        "crawl started"
    );
    let drawing = bars.map(|bars| tokio::spawn(progress::draw(engine.clone(), bars)));
    let reporting =
        (drawing.is_none() && !is_quiet).then(|| tokio::spawn(log_progress(engine.clone())));
    let Crawled { cause, abandoned } =
        daemon::crawl(&engine, &mut signals, config, steering).await?;
    if let Some(reporting) = reporting {
        reporting.abort();
    }
    if let Some(drawing) = drawing {
        let _ = drawing.await;
    }
    let shutting_down = matches!(cause, StopCause::Signal | StopCause::Broken(_));
    let exit = conclude(&engine, &cause, &mut signals).await;
    drop(engine);
    let closed = archive
        .close_when_writable(
            (cause.as_str(), cause.note().as_deref()),
            &mut signals,
            shutting_down,
        )
        .await;
    // Why the run broke says more than why a broken archive cannot be closed.
    let exit = exit?;
    closed?;
    Ok(if abandoned > 0 { Exit::Abandoned } else { exit })
}

/// Asks for confirmation above a threshold. Without a terminal, `--yes` is required.
async fn confirm(
    archive: &Archive,
    config: &Config,
    estimate: &Estimate,
    yes: bool,
) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    let charged = read::charged(
        archive.store.readers(),
        &archive.clock.today(),
        archive.run.id,
    )
    .await?;
    let room = charged.room(&budget(config));
    let upper = estimate.upper();
    let may_cost = room.map_or(upper, |room| upper.min(room));
    if may_cost <= config.budget.confirm_above_usd {
        return Ok(true);
    }
    let question = format!(
        "the pending jobs and their follow-ups may cost {may_cost}, above budget.confirm_above_usd ({})",
        config.budget.confirm_above_usd
    );
    if !std::io::stdin().is_terminal() {
        errln!("error: {question}. Check `soracrawl estimate`, then repeat with --yes");
        return Ok(false);
    }
    ask(&question)
}

/// Asks a question on the terminal. Any answer but yes means no.
pub(super) fn ask(question: &str) -> anyhow::Result<bool> {
    let mut terminal = std::io::stderr();
    write!(terminal, "{question}. Continue? [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn log_account(account: &crate::api::account::Account) {
    tracing::info!(
        balance_usd = account.balance_usd,
        free_credit_usd = account.free_credit_usd,
        key_name = account.key_name.as_deref().map(table::plain),
        key_is_active = account.key_is_active,
        "account"
    );
    if account.key_is_active == Some(false) || account.is_disabled == Some(true) {
        tracing::warn!("the key or the account is not active, according to the remote");
    }
    if account.email_is_verified == Some(false) {
        tracing::warn!("the account's e-mail address is not verified; the remote may refuse calls");
    }
}

/// Logs the progress every 30 s, if there are no progress bars.
async fn log_progress(engine: Arc<Engine>) {
    use std::sync::atomic::Ordering::Relaxed;
    loop {
        tokio::time::sleep(Duration::from_secs(30)).await;
        let counters = &engine.counters;
        tracing::info!(
            pages = counters.pages.load(Relaxed),
            rows = counters.rows.load(Relaxed),
            failures = counters.failures.load(Relaxed),
            in_flight = counters.in_flight.load(Relaxed),
            gone = counters.gone.load(Relaxed),
            denied = counters.denied.load(Relaxed),
            trouble = engine.parts.writer.trouble(),
            "crawling"
        );
    }
}
