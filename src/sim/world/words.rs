//! Texts of the world: ordinary sentences, and strings that careless programs corrupt.

pub(super) const SYLLABLES: &[&str] = &[
    "sam", "samuel", "mira", "kat", "lo", "dor", "pixel", "neo", "ju", "tan", "river", "ox", "vel",
    "qui", "Zed", "ama", "fox", "blu", "nor", "ike",
];

pub(super) const DISPLAY_NAMES: &[&str] = &[
    "Mira Okafor",
    "Sam \"the lens\" Doyle",
    "ليلى",
    "山田はなこ",
    "O'Brien; -- & Sons",
    "👩🏽‍🚀 Nova",
    "Zoë Ångström",
    "<b>bold</b>",
    "נועה",
    "back\\slash",
    "Ivo   Three  Spaces",
    "=1+1",
];

pub(super) const DESCRIPTIONS: &[&str] = &[
    "Films made of weather.",
    "line one\nline two\r\nline three",
    "سينما قصيرة كل يوم",
    "🎬🐱‍💻 cats, mostly",
    "tabs\tand \"quotes\" and 'apostrophes'",
    "https://films.example/me?a=1&b=2",
    "",
];

pub(super) const TEXTS: &[&str] = &[
    "A cat is playing Minecraft",
    "A lighthouse keeper finds a message in a bottle, handheld camera, dusk",
    "Two robots argue about tea; \"no sugar\", says one",
    "first line\nsecond line\n\nfourth line",
    "👨‍👩‍👧‍👦 family picnic on Mars 🚀🪐",
    "قطة تقرأ الجريدة في مقهى",
    "雨の中を走る電車、窓からの眺め",
    "mixed שלום and latin text",
    "'; drop table posts; -- but as a film",
    "null",
    "A very slow zoom into a drop of water. Inside, a city wakes: trams, bakers, a dog crossing the bridge. \
     The camera never stops, nobody looks up, and in the last second the drop falls.",
    "e\u{301}tude in e\u{301} (combining accents)",
    "zero\u{200b}width and \u{202e}override\u{202c} marks",
    "colour codes \u{1b}[31mred\u{1b}[0m stay text",
    "{\"json\": [1, 2, 3]}",
    "<script>alert('film')</script>",
    "   spaces at both ends   ",
    "NaN",
];

pub(super) const CAPTIONS: &[&str] = &["Caption, with commas, three", "🙂", "“curly quotes”", ""];

pub(super) const COMMENTS: &[&str] = &[
    "This is brilliant!",
    "how did you get the light like that?",
    "😂😂😂",
    "👍🏿",
    "no \"way\"",
    "second\nline",
    "جميل جدا",
    "すごい",
    "first",
    "I watched it four times\u{2028}and then again",
    "it's 50% better than mine % _ \\",
    "🏳️‍🌈🏴‍☠️",
    "nice",
];

pub(super) const EMOJI: &[Option<&str>] =
    &[Some("🐱‍💻"), None, Some("🌊"), Some("👩‍🚀"), None, Some("🔥")];
