"""How each reader reads each format. Every function returns a table of pyarrow."""

import csv
import json

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.json
import pyarrow.parquet


def sql(query):
    """Asks DuckDB, which may load nothing from elsewhere."""
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(query).to_arrow_table()


def of_rows(rows, names):
    return pa.table({name: [row[name] for row in rows] for name in names})


def stdlib_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return of_rows(list(reader), reader.fieldnames)


def stdlib_jsonl(path):
    # Only LF ends a line; a text may hold other separators.
    with open(path, newline="\n", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return of_rows(rows, rows[0])


CSV = {
    "pandas": lambda path: pa.Table.from_pandas(
        pandas.read_csv(path, keep_default_na=False, na_values=[""], dtype_backend="pyarrow"), preserve_index=False
    ),
    "polars": lambda path: polars.read_csv(path, infer_schema_length=None).to_arrow(),
    "pyarrow": lambda path: pa.csv.read_csv(
        path,
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    ),
    "duckdb": lambda path: sql(
        f"from read_csv('{path}', nullstr = '', allow_quoted_nulls = false, sample_size = -1, quote = '\"', escape = '\"')"
    ),
}

JSONL = {
    "stdlib": stdlib_jsonl,
    "pandas": lambda path: pa.Table.from_pandas(
        pandas.read_json(path, lines=True, convert_dates=False, dtype=False, dtype_backend="pyarrow", precise_float=True),
        preserve_index=False,
    ),
    "polars": lambda path: polars.read_ndjson(path, infer_schema_length=None).to_arrow(),
    "pyarrow": lambda path: pa.json.read_json(path, pa.json.ReadOptions(block_size=1 << 26)),
    "duckdb": lambda path: sql(f"from read_json('{path}', format = 'newline_delimited', sample_size = -1)"),
}

PARQUET = {
    "pandas": lambda path: pa.Table.from_pandas(
        pandas.read_parquet(path, dtype_backend="pyarrow"), preserve_index=False
    ),
    "polars": lambda path: polars.read_parquet(path).to_arrow(),
    "pyarrow": lambda path: pa.parquet.read_table(path),
    "duckdb": lambda path: sql(f"from '{path}'"),
}

# pyarrow guesses the type of a month from its values, and fails where no row has a month.
MONTHS = pa.dataset.partitioning(
    pa.schema([("posted_month", pa.string()), ("observed_month", pa.string())]), flavor="hive"
)

LAKE = {
    "pandas": lambda path, **how: pa.Table.from_pandas(
        pandas.read_parquet(path, dtype_backend="pyarrow", **how), preserve_index=False
    ),
    "polars": lambda path: polars.scan_parquet(f"{path}/**/*.parquet", hive_partitioning=True).collect().to_arrow(),
    "pyarrow": lambda path, partitioning="hive": pa.dataset.dataset(path, partitioning=partitioning).to_table(),
    "duckdb": lambda path: sql(f"from read_parquet('{path}/**/*.parquet', hive_partitioning = true)"),
}
