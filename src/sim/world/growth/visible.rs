//! The world that the remote shows, made from the full state: without what is gone, or hidden by its author.

use super::counts;
use crate::sim::options::Options;
use crate::sim::world::World;

const DAY_SECONDS: i64 = 86_400;

/// Returns what the remote shows of the full state.
pub(super) fn world(full: &World, options: &Options) -> World {
    let mut world = full.clone();
    counts::grow(&mut world);
    hide(&mut world);
    let is_hidden: Vec<bool> = world.posts.iter().map(|it| it.is_hidden).collect();
    lists_of_people(&mut world, &is_hidden);
    lists_of_posts(&mut world, &is_hidden);
    threads(&mut world);
    world.rank(options);
    world
}

/// Marks what no reply shows.
fn hide(world: &mut World) {
    let people = &world.people;
    for post in &mut world.posts {
        let author = &people[post.author];
        post.is_hidden = post.is_gone || author.is_gone || author.is_private;
    }
    // A comment comes after the comment that it answers.
    for number in 0..world.comments.len() {
        let it = &world.comments[number];
        let is_hidden = it.is_gone
            || world.posts[it.post].is_hidden
            || people[it.author].is_gone
            || it
                .parent
                .is_some_and(|above| world.comments[above].is_hidden);
        world.comments[number].is_hidden = is_hidden;
    }
}

fn lists_of_people(world: &mut World, is_hidden: &[bool]) {
    let is_gone: Vec<bool> = world.people.iter().map(|it| it.is_gone).collect();
    for person in &mut world.people {
        // The list of a private user is refused as a whole, but its count is public.
        person.posts.retain(|it| !world.posts[*it].is_gone);
        person.appearances.retain(|it| !is_hidden[*it]);
        person.followers.retain(|it| !is_gone[*it]);
        person.following.retain(|it| !is_gone[*it]);
        person.pinned = person.pinned.filter(|it| !world.posts[*it].is_gone);
    }
    for post in &mut world.posts {
        post.reposter = post.reposter.filter(|it| !is_gone[*it]);
        post.cast.retain(|it| !is_gone[*it]);
        post.said
            .retain(|it| it.kind != "facet" || it.person.is_none_or(|it| !is_gone[it]));
    }
    for comment in &mut world.comments {
        comment
            .said
            .retain(|it| it.kind != "facet" || it.person.is_none_or(|it| !is_gone[it]));
    }
}

fn lists_of_posts(world: &mut World, is_hidden: &[bool]) {
    let signed_at = world.now - world.now.rem_euclid(DAY_SECONDS);
    for post in &mut world.posts {
        post.remixes.retain(|it| !is_hidden[*it]);
        post.repost_of = post.repost_of.filter(|it| !is_hidden[*it]);
        for attachment in &mut post.attachments {
            attachment.signed_at = attachment.signed_at.max(signed_at);
        }
    }
}

/// Removes hidden comments from their lists, and counts the others.
fn threads(world: &mut World) {
    let is_hidden: Vec<bool> = world.comments.iter().map(|it| it.is_hidden).collect();
    for post in &mut world.posts {
        post.comments.retain(|it| !is_hidden[*it]);
        post.thread_size = 0;
    }
    for comment in &mut world.comments {
        comment.replies.retain(|it| !is_hidden[*it]);
        comment.thread_size = 0;
    }
    for number in (0..is_hidden.len()).rev().filter(|it| !is_hidden[*it]) {
        let it = &world.comments[number];
        let (size, post) = (it.thread_size + 1, it.post);
        match it.parent {
            Some(above) => world.comments[above].thread_size += size,
            None => world.posts[post].thread_size += size,
        }
    }
}
