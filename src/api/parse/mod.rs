//! Parsers of the objects in replies. One parser per object reads both of its shapes, wrapped and flat.

mod attachment;
mod comment;
mod entities;
mod fields;
mod gather;
mod ids;
mod list;
mod page;
mod place;
mod post;
mod profile;
mod time;
mod wrapper;

pub use attachment::{attachment_id, expiry, url_expiry};
pub use comment::{Under, comment_item, head_comment};
pub use fields::{Fields, is_id};
pub use gather::{Gather, gather};
pub use ids::{post_in, same, user_in_mention};
pub use list::{edge_end, is_unanswered, page, page_into};
pub use page::from_page;
pub use place::Place;
pub use post::{head_post, own_post_item, post_item, whole_post};
pub use profile::{profile, profile_item};
