"""What people and detectors wrote down about pictures: boxes in the formats that there are, and masks."""
