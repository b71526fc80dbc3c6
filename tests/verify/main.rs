//! `soracrawl verify`: what is whole is called sound, and every damage is named.

mod command;
mod damage;
mod dictionaries;
mod file;
mod forged;
mod migrated;
mod panics;
mod power;
mod site;
mod sound;
