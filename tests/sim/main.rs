//! The simulator keeps its word: what it shows, what it bills, and what goes wrong as told.

mod client;
mod pages;
