"""The chatflow engine: a typed graph, its checks, and a runner. Pure: no database, no HTTP, no settings.

spec.py what is stored · graph.py what runs · checks.py what is wrong with it · runner.py the loop
node.py the contract of a node · nodes/ one file per type · values.py references, templates and taint
addresses.py, json_templates.py, prompting.py, replies.py what several types of node share
ports.py what a node may ask for · events.py what a run tells
"""
