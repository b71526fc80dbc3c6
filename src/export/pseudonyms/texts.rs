//! Takes what identifies people out of texts.

use std::collections::HashMap;

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

/// Parts of a text that show what they are by their form. The first that fits at a place counts.
const FORMS: &str = r"(?xi)
    (?<link>    (?: [a-z][a-z0-9+.-]*:// | www\. ) \S+ )
  | (?<address> [\w.+%-]+ @ [\w-]+ (?: \. [\w-]+ )+ )
  | (?<place>   \b [\w-]+ (?: \. [\w-]+ )+ / \S* )
  | <@ (?<token> [^>\s]* ) >
  | @ (?<name>  [\w.-]+ )
  | \b (?<user> (?: user-|ch_ ) [\w.-]+ )
  | \b (?<post> s_ [\w.-]+ )
  | \b (?<comment> [0-9a-f]{32} ) \b
  | \b (?<other> (?: gen|task|req|resp|file|img ) _ [0-9a-z]{8,} [\w.-]* )
  | (?<number>  \+? \b \d (?: [\ ()./-]{0,2} \d ){8,} )
";

pub(super) struct Texts {
    forms: Regex,
    names: Names,
    /// The pseudonyms of usernames in lower case.
    usernames: HashMap<String, String>,
}

impl Texts {
    pub(super) fn new(names: Names, usernames: HashMap<String, String>) -> Self {
        Self {
            forms: Regex::new(FORMS).expect("a constant"),
            names,
            usernames,
        }
    }

    /// Returns a text without ids, names, links, addresses and numbers of telephones.
    pub(super) fn without_people(&self, text: &str, key: &Key, masked: &mut Masked) -> String {
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for form in self.forms.captures_iter(text) {
            let whole = form.get_match();
            self.without_names(&text[from..whole.start()], masked, &mut out);
            out += &self.replaced(&form, key, masked);
            from = whole.end();
        }
        self.without_names(&text[from..], masked, &mut out);
        out
    }

    fn replaced(&self, form: &Captures<'_>, key: &Key, masked: &mut Masked) -> String {
        let named = |name: &str| form.name(name).map(|it| it.as_str());
        if let Some(link) = named("link").or_else(|| named("place")) {
            masked.links += 1;
            let mut host = String::new();
            self.without_names(host_of(link), masked, &mut host);
            return host;
        }
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
            ("comment", Of::Comment),
        ];
        let id = ids.iter().find_map(|(name, of)| Some((named(name)?, *of)));
        match id {
            // A full stop may end a sentence.
            Some((id, of)) => key.pseudonym(of, id.trim_end_matches(['.', '-'])),
            None => "[id]".to_owned(),
        }
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
        let names = [("sam.doyle", &sam), ("Sam Doyle", &sam), ("bob", &bob)];
        let names = names.map(|(name, of)| (name.to_owned(), of.clone()));
        let usernames = [("sam.doyle", &sam), ("bob", &bob)];
        let usernames = usernames.map(|(name, of)| (name.to_owned(), of.clone()));
        let texts = Texts::new(
            Names::new(names.to_vec()).unwrap(),
            HashMap::from(usernames),
        );
        let post = key.pseudonym(Of::Post, "s_0123abc");
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
            ("0123456789abcdef0123456789abcdef", comment),
            (
                "call +49 (30) 1234-567 or 030/12345678",
                "call [number] or [number]".to_owned(),
            ),
            ("task_01kkvnmeqcck4tnxjs", "[id]".to_owned()),
            ("看@bob", format!("看{bob}")),
        ] {
            let mut masked = Masked::default();
            let shown = texts.without_people(text, &key, &mut masked);
            assert_eq!(shown, expected, "{text}");
            assert_eq!(masked == Masked::default(), text == expected, "{text}");
        }
    }
}
