"""Shards: webdataset tars and parquet files of pictures, on disk or in a bucket, and what a run writes beside them."""
