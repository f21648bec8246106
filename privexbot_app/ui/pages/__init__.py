"""One module per page, or one package whose page is in `page.py`. Found and mounted by `ui.layout`."""
