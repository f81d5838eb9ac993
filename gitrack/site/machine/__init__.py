"""What programs read of the site: JSON, a feed, badges, a table as Parquet."""
