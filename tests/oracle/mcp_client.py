"""Talks with `pgwright mcp` through the protocol's official client: an agent that reviews a change in a project.

    python mcp_client.py PGWRIGHT PROJECT

Prints what was asked and the beginning of each answer; fails when an answer is not what a reviewer needs.
"""

import asyncio
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

# What is asked, and what an answer to it has to hold.
SESSION = [
    ("check", {"select": ["unindexed-text-search"], "format": "concise"}, "unindexed-text-search"),
    ("rules", {"name": "unindexed-text-search"}, "# unindexed-text-search"),
    ("inspect_queries", {"model": "orders.OrderLine"}, 'FROM "orders_orderline"'),
    ("explain", {"targets": ["orders.OrderLine"]}, "orders_orderline"),
    ("inspect_schema", {}, "orders_orderline"),
    ("tune", {}, "sizes of"),
]


async def review(pgwright: str, project: str) -> None:
    server = StdioServerParameters(command=pgwright, args=["mcp"], cwd=project, env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = {tool.name for tool in (await session.list_tools()).tools}
        missing = {name for name, _, _ in SESSION} - tools
        assert not missing, f"no tool {missing}, only {tools}"
        resources = (await session.list_resources()).resources
        assert any(str(resource.uri) == "pgwright://rules/lost-update" for resource in resources)
        for name, arguments, expected in SESSION:
            result = await session.call_tool(name, arguments)
            text = result.content[0].text
            print(f"> {name} {arguments}\n{text[:400]}\n")
            assert expected in text, f"{name} says nothing of {expected}:\n{text}"
        refused = await session.call_tool("check", {"fix": True})
        assert "--allow-fix" in refused.content[0].text, refused


asyncio.run(review(*sys.argv[1:3]))
