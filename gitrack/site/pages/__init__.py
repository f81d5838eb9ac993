"""The pages: each a function from records to what its template may use."""
