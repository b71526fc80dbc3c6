//! Tests of the simulator: its replies, its account and its faults.

mod bill;
mod client;
mod columns;
mod crawl;
mod faults;
mod generation;
mod growth;
mod growth_kinds;
mod media;
mod media_faults;
mod pages;
mod texts;
mod walks;
