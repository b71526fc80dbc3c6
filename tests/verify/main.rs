//! Tests of `soracrawl verify`: intact archives are sound, and every damage is reported.

mod absent;
mod arms;
mod as_of;
mod command;
mod damage;
mod dictionaries;
mod file;
mod forged;
mod fresh;
mod midnight;
mod migrated;
mod names;
mod panics;
mod power;
mod reparse;
mod reparse_added;
mod reparse_file;
mod reparse_lost;
mod site;
mod sound;
mod spans;
