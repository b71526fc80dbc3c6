//! The files of a world: their paths, sizes and content.

use std::ops::Range;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::sim::dates;
use crate::sim::hash::{hash, hex};
use crate::sim::media::{self, PLACEHOLDER};
use crate::sim::world::{Attachment, NOW, Person, World};

const PICTURE_PARTS: u64 = 20;
const MONTH_SECONDS: u64 = 2_592_000;
/// Frames of the video that pictures are compared with.
const FRAMES: u64 = 300;
const LEAST_BYTES: u64 = 64;

/// A file of the world, as a complete archive of its media must have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// Path without the signature.
    pub path: String,
    pub bytes: u64,
    pub content_type: &'static str,
    /// Lower-case hexadecimal digits.
    pub sha256: String,
}

/// A file before its content is made.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) content_type: &'static str,
    /// Files of the same name of a content have the same bytes.
    content: String,
    /// In Unix seconds of the simulator's clock.
    written_at: i64,
}

impl Blob {
    fn new(world: &World, path: String, bytes: u64, content: String) -> Self {
        let content_type = match path.trim_end_matches("%2Fraw") {
            it if it.ends_with("thumbnail") || it.ends_with(".webp") => "image/webp",
            it if it.ends_with("gif") => "image/gif",
            it if it.ends_with(".png") => "image/png",
            _ => "video/mp4",
        };
        let age = i64::try_from(hash(103, &[&path]) % MONTH_SECONDS).unwrap_or(0);
        Self {
            path,
            bytes: bytes.max(LEAST_BYTES),
            content_type,
            content,
            written_at: world.links.outside(NOW - age),
        }
    }

    /// Returns the strong entity tag of a version of the file, with its quotes.
    pub(super) fn etag(&self, version: u32) -> String {
        let digits = hex(107, &[&self.path, &version.to_string()], 13);
        format!("\"0x8{}\"", digits.to_uppercase())
    }

    pub(super) fn last_modified(&self, version: u32) -> String {
        dates::http(self.written_at + i64::from(version))
    }

    /// Returns a part of the bytes of a version.
    pub(super) fn part(&self, range: Range<u64>, version: u32) -> Vec<u8> {
        let head = self.head();
        let seed = hash(109, &[&self.content, &version.to_string()]);
        let mut bytes = Vec::with_capacity(usize::try_from(range.end - range.start).unwrap_or(0));
        let (mut number, mut word) = (u64::MAX, [0; 8]);
        for place in range {
            if place / 8 != number {
                number = place / 8;
                word = hash(seed ^ number, &[]).to_le_bytes();
            }
            let index = usize::try_from(place).unwrap_or(usize::MAX);
            let noise = word[usize::try_from(place % 8).unwrap_or(0)];
            bytes.push(head.get(index).copied().unwrap_or(noise));
        }
        bytes
    }

    /// Returns the first bytes, which tell what kind of file it is.
    fn head(&self) -> Vec<u8> {
        let size = u32::try_from(self.bytes - 8).unwrap_or(u32::MAX);
        match self.content_type {
            "image/webp" => [b"RIFF".as_slice(), &size.to_le_bytes(), b"WEBPVP8 "].concat(),
            "image/gif" => b"GIF89a".to_vec(),
            "image/png" => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            _ => b"\0\0\0\x18ftypmp42\0\0\0\0isommp42".to_vec(),
        }
    }
}

/// Returns the files of an attachment. Some have equal content: both pictures, one of three videos with its watermarked
/// form, and one of ten videos with each other.
fn blobs(world: &World, it: &Attachment) -> impl Iterator<Item = Blob> {
    let dice = hash(97, &[&it.file_id]);
    let video = match dice % 10 {
        0 => format!("shared {}", it.frames),
        _ => it.file_id.clone(),
    };
    let size = world.links.video_bytes(it.frames);
    media::parts(it).iter().map(move |(part, divisor)| {
        let name = match *part {
            "/wm" if dice.is_multiple_of(3) => "",
            "/drvs/link_thumbnail" => "/drvs/thumbnail",
            part => part,
        };
        let content = format!("{video} {name}");
        Blob::new(world, media::path(it, part), size / divisor, content)
    })
}

/// Returns the own picture of a user. One of five is that of another user, too.
fn picture(world: &World, it: &Person) -> Option<Blob> {
    let content = match hash(101, &[&it.id]) % 5 {
        0 => "shared picture".to_owned(),
        _ => it.id.clone(),
    };
    let size = world.links.video_bytes(FRAMES) / PICTURE_PARTS;
    Some(Blob::new(world, media::avatar_path(&it.id)?, size, content))
}

fn placeholder(world: &World) -> Blob {
    let size = world.links.video_bytes(FRAMES) / PICTURE_PARTS;
    Blob::new(world, PLACEHOLDER.to_owned(), size, PLACEHOLDER.to_owned())
}

/// Finds a file by its path. Files stay when their post or user is gone.
pub(super) fn find(world: &World, path: &str) -> Option<Blob> {
    if path == PLACEHOLDER {
        return Some(placeholder(world));
    }
    let attachments = world.posts.iter().flat_map(|it| &it.attachments);
    let video = attachments
        .filter(|it| path.contains(&it.file_id))
        .flat_map(|it| blobs(world, it))
        .find(|it| it.path == path);
    video.or_else(|| {
        let mut people = world.people.iter().filter(|it| path.contains(&it.id));
        people
            .find_map(|it| picture(world, it))
            .filter(|it| it.path == path)
    })
}

/// Returns all files that replies show, in the order of their paths.
pub(in crate::sim) fn files(world: &World) -> Vec<File> {
    if !world.links.are_own() {
        return Vec::new();
    }
    let posts = world.posts.iter().filter(|it| !it.is_hidden);
    let attachments = posts.flat_map(|it| &it.attachments);
    let people = world.people.iter().filter(|it| !it.is_gone);
    let mut files: Vec<File> = attachments
        .flat_map(|it| blobs(world, it))
        .chain(people.filter_map(|it| picture(world, it)))
        .chain([placeholder(world)])
        .map(|it| File {
            sha256: format!("{:x}", Sha256::digest(it.part(0..it.bytes, 0))),
            path: it.path,
            bytes: it.bytes,
            content_type: it.content_type,
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
