"""The data of the runs' tables: columns in files of their own, for so many runs each.

Runs are counted from the oldest on, so that one more run changes the last files only. What each
piece says of its columns is kept as a note; the small header of a table is made of these notes.
"""
