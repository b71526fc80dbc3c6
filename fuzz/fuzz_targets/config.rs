//! Fuzzes the configuration: any string parses to a configuration that round-trips, or to a list of problems.
#![no_main]

use libfuzzer_sys::fuzz_target;
use soracrawl::config::Config;

fuzz_target!(|text: &str| {
    match Config::parse("crawler.toml", text, std::iter::empty()) {
        Err(problems) => assert!(!problems.is_empty()),
        Ok(config) => {
            let shown = config.effective_toml(None);
            let again = Config::parse("shown", &shown, std::iter::empty());
            assert_eq!(again, Ok(config), "{shown}");
        }
    }
});
