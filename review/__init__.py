"""The review page: a folder's crops looked at and corrected in a browser, served by this machine to itself."""
