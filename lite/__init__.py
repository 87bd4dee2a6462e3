"""The course as a site of plain files that runs in the browser alone: `make lite`."""
