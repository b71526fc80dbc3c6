"""The interaction graph of a lake, its PageRank, and the growth of posts and likes.

    spark-submit interactions.py LAKE OUTPUT

LAKE is the folder of `soracrawl export lake`. OUTPUT gets four folders of Parquet: interactions, pagerank, posts_per_day
and likes_per_day. Both may be any path that Spark reads, such as s3a://bucket/lake. README.md has the command lines.
"""

import argparse

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f


def table(spark, lake, name):
    """Reads a table of the lake."""
    return spark.read.parquet(f"{lake.rstrip('/')}/{name}")


def interactions(spark, lake):
    """Returns source, target, kind and weight: how often one user comments on, answers, mentions or remixes another."""
    comments = table(spark, lake, "comments").select("comment_id", "parent_comment_id", "post_id", "author_user_id")
    posts = table(spark, lake, "posts").select("post_id", f.col("author_user_id").alias("target"))
    parents = comments.select(
        f.col("comment_id").alias("parent_comment_id"), f.col("author_user_id").alias("target")
    )
    mentions = table(spark, lake, "mentions")
    remixes = table(spark, lake, "remixes")

    def edges(frame, kind, source="author_user_id", target="target"):
        return frame.select(f.col(source).alias("source"), f.col(target).alias("target"), f.lit(kind).alias("kind"))

    found = [
        edges(comments.where("parent_comment_id is null").join(posts, "post_id"), "comment"),
        edges(comments.join(parents, "parent_comment_id"), "reply"),
        # A text that names a user in several ways mentions them once.
        edges(
            mentions.select("post_id", "comment_id", "author_user_id", "user_id").distinct(), "mention", target="user_id"
        ),
        edges(remixes, "remix", target="parent_author_user_id"),
    ]
    all_edges = found[0]
    for more in found[1:]:
        all_edges = all_edges.unionByName(more)
    return (
        all_edges.where("source is not null and target is not null")
        .groupBy("source", "target", "kind")
        .agg(f.count("*").alias("weight"))
    )


def pagerank(edges, damping=0.85, tolerance=1e-5, most=100):
    """Returns user_id and rank. The ranks have the sum 1; a user without outgoing edges gives to all alike."""
    links = edges.groupBy("source", "target").agg(f.sum("weight").alias("weight"))
    out = links.groupBy("source").agg(f.sum("weight").alias("out"))
    links = links.join(out, "source").select("source", "target", (f.col("weight") / f.col("out")).alias("share")).cache()
    users = links.select(f.col("source").alias("user_id")).union(links.select("target")).distinct()
    users = users.join(out.select(f.col("source").alias("user_id"), f.lit(True).alias("gives")), "user_id", "left").cache()
    count = users.count()
    ranks = users.withColumn("rank", f.lit(1.0 / max(count, 1))).localCheckpoint()
    for _ in range(most):
        idle = ranks.where("gives is null").agg(f.coalesce(f.sum("rank"), f.lit(0.0))).first()[0]
        received = (
            links.join(ranks.select(f.col("user_id").alias("source"), "rank"), "source")
            .groupBy(f.col("target").alias("user_id"))
            .agg(f.sum(f.col("rank") * f.col("share")).alias("received"))
        )
        rank = (1 - damping + damping * idle) / count + damping * f.coalesce("received", f.lit(0.0))
        # A checkpoint keeps the plan short.
        following = (
            ranks.withColumnRenamed("rank", "before")
            .join(received, "user_id", "left")
            .select("user_id", "gives", "before", rank.alias("rank"))
            .localCheckpoint()
        )
        moved = following.agg(f.sum(f.abs(f.col("rank") - f.col("before")))).first()[0] or 0.0
        ranks = following.select("user_id", "gives", "rank")
        if moved < tolerance:
            break
    return ranks.select("user_id", "rank")


def posts_per_day(spark, lake):
    """Returns day, posts, and all posts until the end of the day. Days are in UTC."""
    days = table(spark, lake, "posts").where("posted_at is not null").groupBy(f.to_date("posted_at").alias("day"))
    return days.agg(f.count("*").alias("posts")).withColumn(
        "all_posts", f.sum("posts").over(Window.orderBy("day"))
    )


def likes_per_day(spark, lake):
    """Returns day, observed posts, and the likes of all posts as they were last observed by the end of the day."""
    seen = table(spark, lake, "post_observations").where("like_count is not null")
    before = f.lag("like_count").over(Window.partitionBy("post_id").orderBy("observed_at"))
    changes = seen.select(
        f.to_date("observed_at").alias("day"),
        (f.col("like_count") - f.coalesce(before, f.lit(0))).alias("more"),
        before.isNull().cast("long").alias("new"),
    )
    until = Window.orderBy("day")
    return (
        changes.groupBy("day")
        .agg(f.sum("more").alias("more"), f.sum("new").alias("new"))
        .select("day", f.sum("new").over(until).alias("observed_posts"), f.sum("more").over(until).alias("likes"))
    )


def run(spark, lake, output):
    """Writes all results."""
    # Days are in UTC, wherever the cluster is.
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    edges = interactions(spark, lake).cache()
    results = {
        "interactions": edges,
        "pagerank": pagerank(edges),
        "posts_per_day": posts_per_day(spark, lake),
        "likes_per_day": likes_per_day(spark, lake),
    }
    for name, frame in results.items():
        frame.write.parquet(f"{output.rstrip('/')}/{name}")


def main():
    parser = argparse.ArgumentParser(description="Interaction graph, PageRank and growth of a lake")
    parser.add_argument("lake", help="folder of `soracrawl export lake`")
    parser.add_argument("output", help="folder for the results, which does not exist")
    arguments = parser.parse_args()
    spark = SparkSession.builder.appName("interactions").getOrCreate()
    run(spark, arguments.lake, arguments.output)
    spark.stop()


if __name__ == "__main__":
    main()
