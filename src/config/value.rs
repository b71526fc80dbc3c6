//! A value of crawler.toml before its kind is known.

use toml::de::DeValue;

/// A value before its kind is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Integer(i64),
    /// As written, so that amounts of money never become floats.
    Float(String),
    Flag(bool),
    Moment(String),
    List(Vec<Raw>),
    Table,
    /// An integer that no machine word holds.
    Huge,
}

impl Raw {
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Huge, Self::Integer),
            DeValue::Float(number) => Self::Float(number.as_str().to_owned()),
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Datetime(moment) => Self::Moment(moment.to_string()),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::of(item.get_ref())).collect())
            }
            DeValue::Table(_) => Self::Table,
        }
    }

    /// What it is, in words.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a fraction",
            Self::Flag(_) => "true or false",
            Self::Moment(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table => "a section",
            Self::Huge => "so large a number",
        }
    }
}
