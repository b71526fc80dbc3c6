//! `soracrawl refresh`: buys again what is expected to have changed most per dollar, or shows what that would be.

use super::control::send;
use super::out::{self, outln};
use super::table::{counted, layout, plain, thousands};
use super::{Cli, Exit, Usage};
use crate::clock::{Clock, day};
use crate::config::Config;
use crate::crawl::refresh::plan::{Planned, RefreshPlan, Why};
use crate::crawl::{self, Known, Plan};
use crate::model::{MicroUsd, Request};
use crate::report::stale;
use crate::report::status::budget;
use crate::store::{Store, read};

/// Arguments of `refresh`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what would be bought, why, and what is expected of it. Nothing is bought
    #[arg(long)]
    plan: bool,

    /// Plan for this many dollars instead of what is left of refresh.usd_per_day
    #[arg(long, value_name = "DOLLARS", requires = "plan", value_parser = MicroUsd::parse_usd)]
    usd: Option<MicroUsd>,

    /// Print JSON
    #[arg(long, requires = "plan")]
    json: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    if !args.plan {
        if config.refresh.usd_per_day.is_none() {
            return Err(Usage(
                "there is no money for refreshing: set refresh.usd_per_day, or try `soracrawl refresh --plan --usd 1`"
                    .to_owned(),
            )
            .into());
        }
        return send(cli, &config, &Request::Refresh).await;
    }
    let Some(per_day) = args.usd.or(config.refresh.usd_per_day) else {
        return Err(Usage(
            "there is no money to plan with: add --usd, or set refresh.usd_per_day".to_owned(),
        )
        .into());
    };
    let now = Clock::real().now();
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let money = match args.usd {
        Some(usd) => crawl::money(usd, MicroUsd(0), None, 24.0),
        None => {
            let charged = read::charged(&readers, &day(now), 0).await?;
            let spent = crawl::spent(&readers, &Plan::new(config.crawl.clone()), now).await?;
            crawl::money(per_day, spent, charged.room(&budget(&config)), 24.0)
        }
    };
    let known = known(&readers, &config, now).await?;
    readers.close().await;
    let plan = known.plan(&config.refresh, money);
    match args.json {
        true => out::json(&json(&known, &plan, now))?,
        false => {
            outln!("{} left of {per_day} a day", money.now);
            print(&known, &plan, now);
        }
    }
    Ok(Exit::Done)
}

async fn known(
    readers: &sqlx::sqlite::SqlitePool,
    config: &Config,
    now: f64,
) -> crate::store::Result<Known> {
    let plan = Plan::new(config.crawl.clone());
    Known::read(readers, &plan, &config.refresh, now).await
}

fn name<'a>(known: &'a Known, call: &Planned<'_>) -> (&'static str, &'a str) {
    let name = known.names.get(&call.candidate.id);
    name.map_or(("", ""), |(endpoint, subject)| (endpoint, subject))
}

fn print(known: &Known, plan: &RefreshPlan<'_>, now: f64) {
    let rows: Vec<Vec<String>> = plan
        .calls
        .iter()
        .map(|call| {
            let (endpoint, subject) = name(known, call);
            vec![
                call.candidate.id.to_string(),
                endpoint.to_owned(),
                plain(subject),
                call.sentence(),
            ]
        })
        .collect();
    match rows.is_empty() {
        true => outln!(
            "nothing to refresh: what is archived was seen within the last hour, is being refreshed, or has hardly changed"
        ),
        false => outln!("{}", layout(&[">job", "endpoint", "subject", "why"], &rows)),
    }
    outln!(
        "{} of {} that could be refreshed, expected to cost {}",
        counted(plan.calls.len(), "walk"),
        thousands(i64::try_from(known.candidates.len() + known.others.len()).unwrap_or(i64::MAX)),
        plan.cost
    );
    if let Some(next) = &plan.saved_for {
        let (endpoint, subject) = name(known, next);
        outln!(
            "then, once there is more money today: {endpoint} {}: {}",
            plain(subject),
            next.sentence()
        );
    }
    if plan.unaffordable > 0 {
        outln!(
            "not bought, because each must be bought whole and costs more than a day's money: {}",
            counted(plan.unaffordable, "list")
        );
    }
    if !known.candidates.is_empty() || !known.others.is_empty() {
        outln!("{}", stale::in_words(&known.stale(plan, now)));
    }
}

fn json(known: &Known, plan: &RefreshPlan<'_>, now: f64) -> serde_json::Value {
    let calls: Vec<serde_json::Value> = plan
        .calls
        .iter()
        .map(|call| {
            let (endpoint, subject) = name(known, call);
            serde_json::json!({
                "job_id": call.candidate.id, "endpoint": endpoint, "subject": subject,
                "reason": match call.why { Why::Deadline => "deadline", Why::Value => "value" },
                "why": call.sentence(),
                "unseen_hours": call.candidate.unseen_hours,
                "expected_items": call.worth.items,
                "expected_item_hours": call.worth.item_hours,
                "expected_log_error": call.worth.log_error,
                "pages": call.worth.pages,
                "micro_usd": call.worth.cost.0,
            })
        })
        .collect();
    serde_json::json!({
        "calls": calls, "micro_usd": plan.cost.0, "candidates": known.candidates.len(),
        "unaffordable": plan.unaffordable, "stale": known.stale(plan, now),
    })
}
