"""Write what PostgreSQL knows of types, casts, operators, functions and operator classes, as pgwright_schema reads it.

    python tests/oracle/operator_catalogue.py > crates/pgwright_schema/src/catalog/postgresql.txt

Contents of the extensions that Django projects use are included; one line a row, fields separated by blanks.
"""

from __future__ import annotations

import sys

from server import temporary_server

EXTENSIONS = ["bloom", "btree_gin", "btree_gist", "citext", "hstore", "ltree", "pg_trgm", "unaccent", "cube", "vector"]

# Types that no column of a Django project and no expression on one can have.
LEFT_OUT = "'internal','cstring','trigger','event_trigger','language_handler','fdw_handler','index_am_handler'," \
    "'tsm_handler','table_am_handler','pg_ddl_command','pg_node_tree','pg_ndistinct','pg_dependencies','pg_mcv_list'," \
    "'gtrgm','gbtreekey2','gbtreekey4','gbtreekey8','gbtreekey16','gbtreekey32','gbtreekey_var','ghstore'," \
    "'ltree_gist','pg_brin_bloom_summary','pg_brin_minmax_multi_summary','aclitem','_aclitem','gtsvector'," \
    "'refcursor','txid_snapshot','pg_snapshot','_pg_snapshot','_txid_snapshot','_refcursor','_gtsvector','_cstring'"

QUERIES = {
    "type": f"""
        SELECT t.typname, t.typcategory, CASE WHEN t.typispreferred THEN 'p' ELSE '-' END,
               coalesce(e.typname, '-'), t.typlen,
               CASE WHEN t.typcollation <> 0 THEN 'c' ELSE '-' END,
               coalesce(s.typname, '-')
        FROM pg_type t
        LEFT JOIN pg_type e ON e.typarray = t.oid
        LEFT JOIN pg_range r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid
        LEFT JOIN pg_type s ON s.oid = r.rngsubtype
        WHERE t.typrelid = 0 AND t.typnamespace::regnamespace::text IN ('pg_catalog', 'public')
          AND NOT EXISTS (SELECT FROM pg_type c WHERE c.oid = t.typelem AND c.typrelid <> 0)
          AND t.typname NOT IN ({LEFT_OUT})
        ORDER BY t.oid""",
    "cast": f"""
        SELECT s.typname, t.typname, c.castmethod, c.castcontext, coalesce(p.provolatile, 'i')
        FROM pg_cast c JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget
        LEFT JOIN pg_proc p ON p.oid = c.castfunc
        WHERE s.typname NOT IN ({LEFT_OUT}) AND t.typname NOT IN ({LEFT_OUT})
        ORDER BY c.oid""",
    "operator": f"""
        SELECT o.oprname, coalesce(l.typname, '-'), r.typname, t.typname, coalesce(c.oprname, '-'), coalesce(n.oprname, '-'),
               CASE WHEN p.proisstrict THEN 's' ELSE '-' END, p.provolatile,
               CASE WHEN o.oprrest = 0 THEN '-' ELSE o.oprrest::text END,
               CASE WHEN o.oprcanhash THEN 'h' ELSE '-' END, p.proname
        FROM pg_operator o LEFT JOIN pg_type l ON l.oid = oprleft JOIN pg_type r ON r.oid = oprright
        JOIN pg_type t ON t.oid = oprresult JOIN pg_proc p ON p.oid = oprcode
        LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
        WHERE coalesce(l.typname, '') NOT IN ({LEFT_OUT}) AND r.typname NOT IN ({LEFT_OUT})
          AND coalesce(l.typname, '') NOT LIKE 'reg%' AND r.typname NOT LIKE 'reg%'
        ORDER BY o.oid""",
    "function": f"""
        SELECT p.proname, t.typname, p.provolatile, p.prokind,
               CASE WHEN p.proisstrict THEN 's' ELSE '-' END,
               CASE WHEN p.provariadic <> 0 THEN 'v' WHEN p.pronargdefaults > 0 THEN p.pronargdefaults::text ELSE '-' END,
               coalesce((SELECT string_agg(a.typname, ',' ORDER BY u.n)
                         FROM unnest(p.proargtypes) WITH ORDINALITY u (o, n) JOIN pg_type a ON a.oid = u.o), '-')
        FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
        WHERE t.typname NOT IN ({LEFT_OUT})
          AND p.prokind <> 'p' AND NOT p.proretset
          AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) u (o) JOIN pg_type a ON a.oid = u.o WHERE a.typname IN ({LEFT_OUT}))
          AND p.pronamespace::regnamespace::text IN ('pg_catalog', 'public')
          AND (p.proname !~ '^(pg_|RI_|has_|_|binary_upgrade|inet_(client|server)|lo|be_)' OR p.proname LIKE 'lo%er')
          AND p.proname !~ '(_send|recv|sel|joinsel|_stat.*|typmodin|typmodout|_support|_sortsupport)$'
        ORDER BY p.proname, p.oid""",
    "opclass": f"""
        SELECT m.amname, o.opcname, f.opfname, t.typname, CASE WHEN o.opcdefault THEN 'd' ELSE '-' END
        FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod JOIN pg_opfamily f ON f.oid = o.opcfamily
        JOIN pg_type t ON t.oid = o.opcintype
        WHERE t.typname NOT IN ({LEFT_OUT})
        ORDER BY m.amname, o.oid""",
    "amop": f"""
        SELECT m.amname, f.opfname, p.oprname, l.typname, r.typname, a.amopstrategy, a.amoppurpose
        FROM pg_amop a JOIN pg_am m ON m.oid = a.amopmethod JOIN pg_opfamily f ON f.oid = a.amopfamily
        JOIN pg_operator p ON p.oid = a.amopopr
        JOIN pg_type l ON l.oid = a.amoplefttype JOIN pg_type r ON r.oid = a.amoprighttype
        WHERE l.typname NOT IN ({LEFT_OUT}) AND r.typname NOT IN ({LEFT_OUT})
        ORDER BY m.amname, f.opfname, a.oid""",
}


def main() -> None:
    with temporary_server() as server:
        server.create_database("catalogue")
        with server.connect("catalogue") as connection:
            version = connection.execute("SHOW server_version").fetchone()
            for extension in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION {extension}")
            print(f"# PostgreSQL {version[0] if version else '?'} with {', '.join(EXTENSIONS)}")
            print("# written by tests/oracle/operator_catalogue.py, which says what the fields are")
            for section, query in QUERIES.items():
                print(f"[{section}]")
                for row in connection.execute(query):
                    print(*row)


if __name__ == "__main__":
    sys.exit(main())
