//! An entry of a HAR file. Headers and cookies are passed over: none is kept.

use std::io::BufRead;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::IgnoredAny;

use crate::api::is_telling;
use crate::replies::import::received::Received;
use crate::replies::import::scan::{Kept, Scanned, Scanner};
use crate::replies::import::value::checked;
use crate::replies::import::{Asked, Beside, Captured, Found, Limits};

/// The longest value that is kept, except for a body.
const FIELD: usize = 64 << 10;
/// How many times as long the same JSON may be with blanks and escapes, or in UTF-16.
const MOST_BLANK: f64 = 4.0;
/// The longest type of content that is named.
const TYPE: usize = 100;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The values that matter, as they stand in the file.
#[derive(Default)]
pub(super) struct Recorded {
    is_object: bool,
    started_at: Kept,
    method: Kept,
    url: Kept,
    status: Kept,
    /// Bytes of the body after decompression.
    size: Kept,
    mime_type: Kept,
    text: Kept,
    encoding: Kept,
    beside: Beside,
}

impl Recorded {
    /// Reads an entry. What is no object where one should be has no values.
    pub(super) fn read<R: BufRead>(scanner: &mut Scanner<R>, limits: Limits) -> Scanned<Self> {
        let mut this = Self {
            is_object: scanner.peek()? == Some(b'{'),
            ..Self::default()
        };
        inside(scanner, &mut |scanner, key| {
            match key {
                "startedDateTime" => this.started_at = scanner.value(FIELD)?,
                "request" => inside(scanner, &mut |scanner, key| {
                    match key {
                        "method" => this.method = scanner.value(FIELD)?,
                        "url" => this.url = scanner.value(FIELD)?,
                        _ => this.other(scanner, key)?,
                    }
                    Ok(())
                })?,
                "response" => this.response(scanner, limits)?,
                _ => this.other(scanner, key)?,
            }
            Ok(())
        })?;
        Ok(this)
    }

    fn response<R: BufRead>(&mut self, scanner: &mut Scanner<R>, limits: Limits) -> Scanned<()> {
        inside(scanner, &mut |scanner, key| {
            match key {
                "status" => self.status = scanner.value(FIELD)?,
                "content" => inside(scanner, &mut |scanner, key| {
                    match key {
                        "size" => self.size = scanner.value(FIELD)?,
                        "mimeType" => self.mime_type = scanner.value(FIELD)?,
                        "text" => {
                            // Only one of two is held.
                            self.text = Kept::default();
                            self.text = scanner.value(limits.line_bytes())?;
                        }
                        "encoding" => self.encoding = scanner.value(FIELD)?,
                        _ => self.other(scanner, key)?,
                    }
                    Ok(())
                })?,
                _ => self.other(scanner, key)?,
            }
            Ok(())
        })
    }

    /// Passes over a value, unless it may say that there was a failure.
    fn other<R: BufRead>(&mut self, scanner: &mut Scanner<R>, key: &str) -> Scanned<()> {
        let kept = scanner.value(if is_telling(key) { FIELD } else { 0 })?;
        if is_telling(key) {
            self.beside.note(key, &String::from_utf8_lossy(&kept.bytes));
        }
        Ok(())
    }

    /// Returns what the entry holds.
    pub(super) fn found(mut self, limits: Limits) -> Found {
        if !self.is_object {
            return Found::Bad("the entry is no object".to_owned());
        }
        let asked = Asked::of_url(&self.url());
        let is_ours = !asked.names_no_call();
        let method = text(&self.method).unwrap_or_default();
        if (is_ours || asked.url.is_none()) && !asked.can_be(&method) {
            let method: String = method.to_ascii_uppercase().chars().take(TYPE).collect();
            return Found::Foreign(format!("an answer to {method}"));
        }
        let mime_type = text(&self.mime_type).unwrap_or_default();
        if !is_ours && !mime_type.contains("json") {
            return Found::Foreign(match mime_type.is_empty() {
                true => "no JSON".to_owned(),
                false => {
                    let name: String = mime_type.chars().take(TYPE).collect();
                    format!("{name}, not JSON")
                }
            });
        }
        if self.url.is_cut {
            return match is_ours {
                true => Found::Bad(format!("its address has more than {FIELD} bytes")),
                false => Found::Foreign("an answer to another request".to_owned()),
            };
        }
        let (status, body) = match (self.status(), self.body(limits)) {
            (Ok(status), Ok(body)) => (status, body),
            (Err(why), _) | (_, Err(why)) => return Found::Bad(why),
        };
        // Some tools cut long bodies, and state the whole size.
        let bytes = body.len() as f64;
        if let Some(size) = number(&self.size).filter(|size| *size > bytes) {
            let is_cut = serde_json::from_slice::<IgnoredAny>(&body).is_err();
            if is_cut {
                return Found::Bad(format!("the body is cut: {bytes} of {size} bytes"));
            }
            if size > MOST_BLANK * bytes && self.text.bytes.starts_with(b"\"") {
                let why = format!("its size is stated as {size} bytes, and it has {bytes}");
                self.beside.fail(why);
            }
        }
        if status.is_none() && !is_nothing(&self.status) {
            self.beside.fail("its status is 0".to_owned());
        }
        let started_at = String::from_utf8_lossy(&self.started_at.bytes);
        let received = Received::of_value("startedDateTime", &started_at);
        let captured = Captured {
            asked,
            status,
            when: received.when(),
            request_id: None,
            body,
            is_redacted: false,
            beside: self.beside,
        };
        checked(captured, limits)
    }

    /// Returns the address, or the beginning of one that is too long.
    fn url(&self) -> String {
        if !self.url.is_cut {
            return text(&self.url).unwrap_or_default();
        }
        let begin = String::from_utf8_lossy(&self.url.bytes);
        begin.trim_start_matches('"').to_owned()
    }

    fn status(&self) -> Result<Option<u16>, String> {
        if is_nothing(&self.status) {
            return Ok(None);
        }
        let stated = number(&self.status).filter(|it| (0.0..=999.0).contains(it));
        let stated = stated.ok_or("its status is no number of HTTP")?;
        Ok(Some(stated as u16).filter(|status| *status > 0))
    }

    fn body(&self, limits: Limits) -> Result<Vec<u8>, String> {
        if is_nothing(&self.text) || self.text.bytes == b"\"\"" {
            return Err(
                "the body is missing: save the capture with the contents of responses".to_owned(),
            );
        }
        if self.text.is_cut {
            return Err(format!(
                "the body has more than {} bytes, and api.max_body_bytes is {}",
                limits.line_bytes(),
                limits.body_bytes
            ));
        }
        // Some tools store the JSON instead of its text.
        if self.text.bytes.starts_with(b"{") || self.text.bytes.starts_with(b"[") {
            return Ok(self.text.bytes.clone());
        }
        let body: String = serde_json::from_slice(&self.text.bytes)
            .map_err(|error| format!("the body cannot be read: {error}"))?;
        let encoding = match is_nothing(&self.encoding) {
            true => Some(String::new()),
            false => text(&self.encoding),
        };
        match encoding.as_deref() {
            Some("") => Ok(body.into_bytes()),
            Some("base64") => {
                let mut body = body.into_bytes();
                body.retain(|byte| !byte.is_ascii_whitespace());
                BASE64
                    .decode(body)
                    .map_err(|error| format!("the body is no base64: {error}"))
            }
            Some(other) => {
                let name: String = other.chars().take(TYPE).collect();
                Err(format!("the body has the unknown encoding `{name}`"))
            }
            None => Err("the encoding of the body is no text".to_owned()),
        }
    }
}

/// Reads an object. Any other value is passed over.
fn inside<R: BufRead>(
    scanner: &mut Scanner<R>,
    each: &mut dyn FnMut(&mut Scanner<R>, &str) -> Scanned<()>,
) -> Scanned<()> {
    match scanner.peek()? {
        Some(b'{') => scanner.object(each),
        _ => scanner.value(0).map(drop),
    }
}

fn is_nothing(kept: &Kept) -> bool {
    kept.bytes.is_empty() || kept.bytes == b"null"
}

fn text(kept: &Kept) -> Option<String> {
    serde_json::from_slice(&kept.bytes).ok()
}

/// Returns a number, also one that is written as a text.
fn number(kept: &Kept) -> Option<f64> {
    let plain = serde_json::from_slice(&kept.bytes).ok();
    plain.or_else(|| text(kept)?.trim().parse().ok())
}
