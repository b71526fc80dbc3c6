//! Lists of what belongs to a row, for formats that can nest.

use super::export_columns::{CellKind, ExportColumn};
use super::export_tables::ExportTable;

/// What can be nested in the rows of posts and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nest {
    /// Videos of posts and comments.
    Attachments,
    /// Users who appear in posts.
    Cast,
}

impl Nest {
    pub const ALL: [Self; 2] = [Self::Attachments, Self::Cast];

    /// The name of the column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Attachments => "attachments",
            Self::Cast => "cast",
        }
    }

    /// Returns the column of a table, if its rows can have such a list.
    #[must_use]
    pub fn column(self, table: &ExportTable) -> Option<ExportColumn> {
        self.sql(table.name).map(|_| ExportColumn {
            name: self.name().to_owned(),
            kind: CellKind::List,
        })
    }

    fn sql(self, table: &str) -> Option<&'static str> {
        Some(match (self, table) {
            (Self::Attachments, "posts") => {
                "(select json_group_array(json_object('attachment_id', a.attachment_id, 'kind', a.kind, 'width', a.width,
                     'height', a.height, 'duration_s', a.duration_s, 'url', a.url, 'thumbnail_url', a.thumbnail_url)
                     order by a.attachment_id)
                  from posts owner join attachments a on a.post_id = owner.id where owner.post_id = posts_now.post_id)"
            }
            (Self::Attachments, "comments") => {
                "(select json_group_array(json_object('attachment_id', a.attachment_id, 'kind', a.kind, 'width', a.width,
                     'height', a.height, 'duration_s', a.duration_s, 'url', a.url, 'thumbnail_url', a.thumbnail_url)
                     order by a.attachment_id)
                  from comments owner join attachments a on a.comment_id = owner.id
                  where owner.comment_id = comments_now.comment_id)"
            }
            (Self::Cast, "posts") => {
                "(select json_group_array(u.user_id order by u.user_id)
                  from posts owner join appearances e on e.post_id = owner.id join users u on u.id = e.user_id
                  where owner.post_id = posts_now.post_id)"
            }
            _ => return None,
        })
    }
}

/// Returns a column of a table, as SQL.
pub(super) fn selected(table: &ExportTable, column: &ExportColumn) -> String {
    let lists = Nest::ALL
        .into_iter()
        .filter(|_| column.kind == CellKind::List);
    let list = lists
        .filter(|nest| nest.name() == column.name)
        .find_map(|nest| nest.sql(table.name));
    list.unwrap_or(&column.name).to_owned()
}
