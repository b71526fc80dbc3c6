//! A TOML value before it is checked against its key.

use toml::de::DeValue;

/// A TOML value before it is checked against its key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Integer(i64),
    /// The digits as written, so that amounts of money never become floats.
    Float(String),
    Flag(bool),
    Moment(String),
    List(Vec<Raw>),
    Table(Vec<(String, Raw)>),
    /// An integer outside the range of `i64`.
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
            DeValue::Table(fields) => Self::Table(
                fields
                    .iter()
                    .map(|(name, value)| (name.get_ref().to_string(), Self::of(value.get_ref())))
                    .collect(),
            ),
        }
    }

    /// Returns the TOML type with its article, for messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Flag(_) => "a boolean",
            Self::Moment(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
            Self::Huge => "an integer of more than 64 bits",
        }
    }
}
