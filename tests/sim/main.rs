//! The simulator keeps its word: what it shows, what it bills, and what goes wrong as told.

mod bill;
mod client;
mod crawl;
mod faults;
mod generation;
mod pages;
mod walks;
