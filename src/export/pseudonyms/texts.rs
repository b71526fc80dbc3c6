//! Takes what identifies people out of texts.
//!
//! First links lose all but their hosts, and base64 goes. Then what shows by its form what it is gets replaced. Then names are searched for in
//! what is left, so that a name is found also where part of it was in a link.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use regex::{Captures, Regex};

use super::key::{Key, Of};
use super::names::Names;

/// How often something was taken out of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::export) struct Masked {
    pub(in crate::export) names: u64,
    pub(in crate::export) ids: u64,
    pub(in crate::export) links: u64,
    pub(in crate::export) addresses: u64,
    pub(in crate::export) numbers: u64,
}

/// What an `@name` becomes whose user is not archived.
const UNKNOWN: &str = "u_?";

/// Links with and without a scheme.
const LINKS: &str = r"(?xi)
    (?: [a-z][a-z0-9+.-]*:// | www\. ) \S+
  | \b [\w-]+ (?: \. [\w-]+ )+ / \S*
";

/// Parts of a text that show what they are by their form. The first that fits at a place counts.
const FORMS: &str = r"(?xi)
    (?<address> [\w.+%-]+ @ [\w-]+ (?: \. [\w-]+ )+ )
  | <@ (?<token> [^>\s]* ) >
  | (?<post>  s_ [0-9a-f]{32} )
  | (?<other> (?: gen|task ) _ 01 [0-9a-z]{20,} )
  | (?<comment> [0-9a-f]{32} )
  | @ (?<name>  [\w.-]+ )
  | \b (?<user> (?: user-|ch_ ) [\w.-]+ )
  | \b (?<short> s_ [\w.-]+ )
  | \b (?<word> (?: gen|task|req|resp|file|img ) _ [0-9a-z]{8,} [\w.-]* )
  | (?<number>  \+? \b \d (?: [\ ()./-]{0,2} \d ){8,} )
";

/// Words that may be base64.
const CODED: &str = "(?i)[a-z0-9+/_-]{7,}={0,2}";

/// Base64 with and without padding, whatever the last bits.
const BASE64: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

pub(super) struct Texts {
    links: Regex,
    coded: Regex,
    forms: Regex,
    /// Ids wherever they are.
    ids: Regex,
    base64: [GeneralPurpose; 2],
    names: Names,
    /// The pseudonyms of usernames in lower case.
    usernames: HashMap<String, String>,
}

impl Texts {
    pub(super) fn new(names: Names, usernames: HashMap<String, String>) -> Self {
        let regex = |text| Regex::new(text).expect("a constant");
        Self {
            links: regex(LINKS),
            coded: regex(CODED),
            forms: regex(FORMS),
            ids: regex("(?i)s_[0-9a-f]{16}|[0-9a-f]{32}|(gen|task)_01[0-9a-z]{20}"),
            base64: [base64::alphabet::STANDARD, base64::alphabet::URL_SAFE]
                .map(|alphabet| GeneralPurpose::new(&alphabet, BASE64)),
            names,
            usernames,
        }
    }

    /// Returns a text without ids, names, links, addresses and numbers of telephones.
    pub(super) fn without_people(&self, text: &str, key: &Key, masked: &mut Masked) -> String {
        let text = self.links.replace_all(text, |link: &Captures<'_>| {
            masked.links += 1;
            host_of(&link[0]).to_owned()
        });
        let text = self.coded.replace_all(&text, |word: &Captures<'_>| {
            let hides = self.hides(&word[0]);
            masked.ids += u64::from(hides);
            if hides { "[coded]" } else { &word[0] }.to_owned()
        });
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for form in self.forms.captures_iter(&text) {
            let whole = form.get_match();
            self.without_names(&text[from..whole.start()], masked, &mut out);
            out += &self.replaced(&form, key, masked);
            from = whole.end();
        }
        self.without_names(&text[from..], masked, &mut out);
        out
    }

    /// Returns what a part becomes.
    fn replaced(&self, form: &Captures<'_>, key: &Key, masked: &mut Masked) -> String {
        let named = |name: &str| form.name(name).map(|it| it.as_str());
        if named("address").is_some() {
            masked.addresses += 1;
            return "[e-mail]".to_owned();
        }
        if named("number").is_some() {
            masked.numbers += 1;
            return "[number]".to_owned();
        }
        if let Some(name) = named("name") {
            masked.names += 1;
            return self.at_name(name, masked);
        }
        masked.ids += 1;
        let ids = [
            ("token", Of::User),
            ("user", Of::User),
            ("post", Of::Post),
            ("short", Of::Post),
            ("comment", Of::Comment),
        ];
        let id = ids.iter().find_map(|(name, of)| Some((named(name)?, *of)));
        match id {
            // A full stop may end a sentence.
            Some((id, of)) => key.pseudonym(of, id.trim_end_matches(['.', '-'])),
            None => "[id]".to_owned(),
        }
    }

    /// Returns whether a word is base64 of something that identifies somebody.
    fn hides(&self, word: &str) -> bool {
        let word = word.trim_end_matches('=').as_bytes();
        let decoded = |at: usize, engine: &GeneralPurpose| {
            // A group of four digits that is not whole has no byte of its own if it has one digit.
            let digits = &word[at..];
            let whole = if digits.len() % 4 == 1 {
                &digits[..digits.len() - 1]
            } else {
                digits
            };
            engine.decode(whole).ok()
        };
        (0..4).filter(|at| *at < word.len()).any(|at| {
            self.base64.iter().any(|engine| {
                decoded(at, engine).is_some_and(|bytes| {
                    let text = String::from_utf8_lossy(&bytes);
                    self.ids.is_match(&text)
                        || self
                            .names
                            .find(&text)
                            .iter()
                            .any(|found| found.end - found.start > 4)
                })
            })
        })
    }

    /// The pseudonym of `@name`, with what follows the name.
    fn at_name(&self, name: &str, masked: &mut Masked) -> String {
        let mut end = name.len();
        loop {
            if let Some(pseudonym) = self.usernames.get(&name[..end].to_lowercase()) {
                let mut out = pseudonym.clone();
                self.without_names(&name[end..], masked, &mut out);
                return out;
            }
            // A full stop or hyphen may follow the name.
            match name[..end].rfind(['.', '-']) {
                Some(at) if at > 0 => end = at,
                _ => return UNKNOWN.to_owned(),
            }
        }
    }

    fn without_names(&self, text: &str, masked: &mut Masked, out: &mut String) {
        let mut from = 0;
        for found in self.names.find(text) {
            *out += &text[from..found.start];
            *out += found.whom.unwrap_or(UNKNOWN);
            masked.names += 1;
            from = found.end;
        }
        *out += &text[from..];
    }
}

/// The host of a link, without a user's name and a port.
fn host_of(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::key::{Key, Of};
    use super::{Masked, Names, Texts};

    #[test]
    fn nothing_that_identifies_a_person_is_left() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("key");
        Key::create(&file).unwrap();
        let key = Key::read(&file).unwrap();
        let [sam, bob] = ["user-Sam1", "user-Bob1"].map(|id| key.pseudonym(Of::User, id));
        let names = [
            ("user-Sam1", &sam),
            ("sam.doyle", &sam),
            ("Sam Doyle", &sam),
            ("bob", &bob),
        ];
        let names = names.map(|(name, of)| (name.to_owned(), of.clone()));
        let usernames = [("sam.doyle", &sam), ("bob", &bob)];
        let usernames = usernames.map(|(name, of)| (name.to_owned(), of.clone()));
        let texts = Texts::new(
            Names::new(names.to_vec()).unwrap(),
            HashMap::from(usernames),
        );
        let post = key.pseudonym(Of::Post, "s_0123abc");
        let long = key.pseudonym(Of::Post, "s_0123456789abcdef0123456789abcdef");
        let comment = key.pseudonym(Of::Comment, "0123456789abcdef0123456789abcdef");
        for (text, expected) in [
            (
                "nothing here: 12 of 2025",
                "nothing here: 12 of 2025".to_owned(),
            ),
            ("hi @Sam.Doyle!", format!("hi {sam}!")),
            ("hi @bob. And @bob-", format!("hi {bob}. And {bob}-")),
            ("@stranger and @bobby", "u_? and u_?".to_owned()),
            ("<@user-Sam1> ok", format!("{sam} ok")),
            ("by user-Sam1.", format!("by {sam}")),
            ("SAM DOYLE and Bob", format!("{sam} and {bob}")),
            (
                "see https://x.example/p/s_1?u=bob now",
                "see x.example now".to_owned(),
            ),
            ("sam.doyle@mail.example.org", "[e-mail]".to_owned()),
            (
                "(https://bob:pw@bob.example:80/x)",
                format!("({bob}.example"),
            ),
            (
                "sora.example/p/s_9 and www.x.example",
                "sora.example and www.x.example".to_owned(),
            ),
            ("post s_0123abc", format!("post {post}")),
            ("0123456789abcdef0123456789abcdef", comment.clone()),
            (
                "call +49 (30) 1234-567 or 030/12345678",
                "call [number] or [number]".to_owned(),
            ),
            ("task_01kkvnmeqcck4tnxjs", "[id]".to_owned()),
            (
                "これはs_0123456789abcdef0123456789abcdefです",
                format!("これは{long}です"),
            ),
            ("xs_0123456789abcdef0123456789abcdef", format!("x{long}")),
            ("https://s_0123456789abcdef0123456789abcdef/x", long.clone()),
            (
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                format!("{comment}{comment}"),
            ),
            ("https://Sam Doyle/", format!("{sam}/")),
            // printf user-Sam1 | base64; printf sam.doyle | base64; printf xs_0123456789abcdef0 | base64
            ("dXNlci1TYW0x", "[coded]".to_owned()),
            ("id=c2FtLmRveWxl", "id=[coded]".to_owned()),
            ("eHNfMDEyMzQ1Njc4OWFiY2RlZjA=", "[coded]".to_owned()),
            ("characteristically", "characteristically".to_owned()),
            ("看@bob", format!("看{bob}")),
        ] {
            let mut masked = Masked::default();
            let shown = texts.without_people(text, &key, &mut masked);
            assert_eq!(shown, expected, "{text}");
            assert_eq!(masked == Masked::default(), text == expected, "{text}");
        }
    }
}
