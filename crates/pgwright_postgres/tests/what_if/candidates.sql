CREATE INDEX tried ON customer (country)
SELECT * FROM customer WHERE country = 'FR'
SELECT * FROM customer WHERE country = 'PL' ORDER BY id LIMIT 20
CREATE INDEX tried ON customer (created)
SELECT * FROM customer ORDER BY created DESC LIMIT 20
SELECT * FROM customer WHERE created BETWEEN timestamptz '2018-02-01' AND timestamptz '2018-02-03'
CREATE INDEX tried ON customer (country, created DESC)
SELECT * FROM customer WHERE country = 'PL' ORDER BY created DESC LIMIT 20
SELECT * FROM customer WHERE country = 'NL' AND created > timestamptz '2018-06-01'
CREATE INDEX tried ON customer (active, created)
SELECT * FROM customer WHERE NOT active ORDER BY created LIMIT 20
SELECT * FROM customer WHERE active AND created < timestamptz '2018-01-03'
CREATE INDEX tried ON customer (created) WHERE deleted_at IS NOT NULL
SELECT * FROM customer WHERE deleted_at IS NOT NULL ORDER BY created
SELECT id FROM customer WHERE deleted_at IS NOT NULL AND created > timestamptz '2018-05-01'
CREATE INDEX tried ON customer (id) WHERE NOT active
SELECT * FROM customer WHERE NOT active ORDER BY id DESC LIMIT 50
CREATE INDEX tried ON customer (email varchar_pattern_ops)
SELECT * FROM customer WHERE email::text LIKE 'u77%'
CREATE INDEX tried ON customer (upper(email))
SELECT * FROM customer WHERE upper(email) = upper('u777@ex177.com')
CREATE INDEX tried ON customer (upper(name))
SELECT * FROM customer WHERE UPPER(name::text) = UPPER('c4ca4238 ec8956637a')
SELECT * FROM customer ORDER BY upper(name) LIMIT 10
CREATE INDEX tried ON customer (upper(name) text_pattern_ops)
SELECT * FROM customer WHERE UPPER(name::text) LIKE UPPER('abcd%')
CREATE INDEX tried ON customer (country) INCLUDE (name)
SELECT country, name FROM customer WHERE country = 'PL'
SELECT country, count(*) FROM customer GROUP BY country
CREATE INDEX tried ON customer ((attrs -> 'plan'))
SELECT * FROM customer WHERE (attrs -> 'plan') = '"ent"'::jsonb
CREATE INDEX tried ON customer ((attrs ->> 'n'))
SELECT * FROM customer WHERE (attrs ->> 'n') = '77'
CREATE INDEX tried ON customer USING gin (attrs jsonb_path_ops)
SELECT * FROM customer WHERE attrs @> '{"n": 77}'
CREATE INDEX tried ON customer USING gin (attrs)
SELECT * FROM customer WHERE attrs ? 'missing'
SELECT * FROM customer WHERE attrs @> '{"n": 77}'
CREATE INDEX tried ON customer USING gin (upper(name) gin_trgm_ops)
SELECT * FROM customer WHERE UPPER(name::text) LIKE UPPER('%abcde%')
CREATE INDEX tried ON customer USING gin (email gin_trgm_ops)
SELECT * FROM customer WHERE email::text LIKE '%777@ex%'
CREATE INDEX tried ON customer USING gist (name gist_trgm_ops)
SELECT * FROM customer WHERE name::text LIKE '%abcdef%'
CREATE INDEX tried ON customer USING hash (email)
SELECT * FROM customer WHERE email = 'u4242@ex42.com'
CREATE INDEX tried ON customer USING brin (created)
SELECT count(*) FROM customer WHERE created < timestamptz '2018-01-05'
CREATE INDEX tried ON product (price)
SELECT * FROM product ORDER BY price LIMIT 10
SELECT * FROM product WHERE price > 499
CREATE INDEX tried ON product (category_id, price)
SELECT * FROM product WHERE category_id = 3 ORDER BY price
SELECT * FROM product WHERE category_id = 7 AND price < 10
CREATE INDEX tried ON product USING gin (tags)
SELECT * FROM product WHERE tags @> ARRAY['t7']::varchar[]
SELECT * FROM product WHERE tags && ARRAY['t7','t9']::varchar[]
CREATE INDEX tried ON product USING gin (to_tsvector('english', title))
SELECT * FROM product WHERE to_tsvector('english', title) @@ plainto_tsquery('english', 'red item')
CREATE INDEX tried ON product USING gist (title gist_trgm_ops)
SELECT * FROM product ORDER BY title <-> 'product red abc' LIMIT 10
CREATE INDEX tried ON orders (status)
SELECT * FROM orders WHERE status = 'pending'
CREATE INDEX tried ON orders (status, created)
SELECT * FROM orders WHERE status = 'pending' ORDER BY created DESC LIMIT 50
SELECT * FROM orders WHERE status = 'cancel' AND created > timestamptz '2019-05-01'
CREATE INDEX tried ON orders (customer_id, created) INCLUDE (total)
SELECT created, total FROM orders WHERE customer_id = 77 ORDER BY created DESC LIMIT 10
SELECT customer_id, max(created) FROM orders GROUP BY customer_id
CREATE INDEX tried ON orders (created)
SELECT * FROM orders WHERE created BETWEEN timestamptz '2019-02-01' AND timestamptz '2019-02-03'
SELECT max(created) FROM orders
CREATE INDEX tried ON orders (created) WHERE status = 'pending'
SELECT * FROM orders WHERE status = 'pending' ORDER BY created LIMIT 50
SELECT * FROM orders WHERE status = 'pending' AND created < timestamptz '2019-01-09'
CREATE INDEX tried ON orders (total DESC) WHERE note IS NOT NULL
SELECT * FROM orders WHERE note IS NOT NULL AND total > 990
CREATE INDEX tried ON orders (note)
SELECT * FROM orders WHERE note = 'c4ca4238a0b923820dcc509a6f75849b'
SELECT * FROM orders WHERE note IS NOT NULL ORDER BY note LIMIT 5
CREATE INDEX tried ON orders USING brin (created)
SELECT sum(total) FROM orders WHERE created < timestamptz '2019-01-10'
CREATE INDEX tried ON orders (((created AT TIME ZONE 'UTC')::date))
SELECT * FROM orders WHERE (created AT TIME ZONE 'UTC')::date = date '2019-03-03'
CREATE INDEX tried ON orders (extract(year FROM created AT TIME ZONE 'UTC'))
SELECT * FROM orders WHERE extract(year FROM created AT TIME ZONE 'UTC') = 2020
CREATE INDEX tried ON orders USING gin (customer_id)
SELECT * FROM orders WHERE customer_id = 77::bigint
CREATE INDEX tried ON item (qty, price)
SELECT * FROM item WHERE qty = 3 AND price > 199
SELECT * FROM item WHERE qty = 5 ORDER BY price DESC LIMIT 10
CREATE INDEX tried ON item ((data ->> 'color'))
SELECT * FROM item WHERE (data ->> 'color') = 'red' AND price > 190
SELECT * FROM item WHERE (data ->> 'color') = 'pink'
CREATE INDEX tried ON item (product_id, order_id)
SELECT order_id FROM item WHERE product_id = 77
SELECT p.title, sum(i.qty) FROM item i JOIN product p ON p.id = i.product_id WHERE p.category_id = 12 GROUP BY p.title
CREATE INDEX tried ON item (price) WHERE data IS NULL
SELECT * FROM item WHERE data IS NULL AND price > 199.5
CREATE INDEX tried ON item USING gin (data)
SELECT * FROM item WHERE data @> '{"color": "pink"}'
CREATE INDEX tried ON membership (segment_id, customer_id)
SELECT customer_id FROM membership WHERE segment_id = 58
SELECT c.* FROM customer c JOIN membership m ON m.customer_id = c.id WHERE m.segment_id = 58
CREATE INDEX tried ON visit (at)
SELECT * FROM visit WHERE at >= timestamptz '2024-01-03' AND at < timestamptz '2024-01-04'
SELECT * FROM visit ORDER BY at DESC LIMIT 100
CREATE INDEX tried ON visit (customer_id, at DESC)
SELECT * FROM visit WHERE customer_id = 77 ORDER BY at DESC LIMIT 10
SELECT * FROM visit WHERE customer_id IS NULL ORDER BY at DESC LIMIT 100
CREATE INDEX tried ON visit (path)
SELECT * FROM visit WHERE path = '/shop/3/'
SELECT path, count(*) FROM visit GROUP BY path ORDER BY count(*) DESC LIMIT 10
CREATE INDEX tried ON visit (path varchar_pattern_ops)
SELECT * FROM visit WHERE path LIKE '/shop/19%'
CREATE INDEX tried ON visit (at) WHERE milliseconds > 2000
SELECT * FROM visit WHERE milliseconds > 2000 ORDER BY at
SELECT * FROM visit WHERE milliseconds > 2500 AND at > timestamptz '2024-01-05'
CREATE INDEX tried ON visit (milliseconds)
SELECT * FROM visit WHERE milliseconds > 2990
CREATE INDEX tried ON visit USING gist (address inet_ops)
SELECT * FROM visit WHERE address << inet '10.1.7.0/24'
CREATE INDEX tried ON visit USING spgist (address)
SELECT * FROM visit WHERE address << inet '10.1.7.0/24'
CREATE INDEX tried ON visit USING hash (path)
SELECT * FROM visit WHERE path = '/shop/1999/'
CREATE INDEX tried ON visit (referrer)
SELECT * FROM visit WHERE referrer IS NOT NULL AND referrer = 'https://site9.example/'
CREATE INDEX tried ON visit (left(path, 8))
SELECT * FROM visit WHERE left(path, 8) = '/shop/19'
CREATE INDEX tried ON visit USING brin (at) WITH (pages_per_range = 32)
SELECT * FROM visit WHERE at >= timestamptz '2024-01-03' AND at < timestamptz '2024-01-04'
CREATE INDEX tried ON booking USING gist (period)
SELECT * FROM booking WHERE period && tstzrange('2024-02-01', '2024-02-02')
CREATE INDEX tried ON booking USING gist (product_id, period)
SELECT * FROM booking WHERE product_id = 77 AND period && tstzrange('2024-01-01', '2024-03-02')
CREATE INDEX tried ON booking (seats, product_id)
SELECT * FROM booking WHERE seats = 8 AND product_id < 9
CREATE INDEX tried ON review (stars)
SELECT * FROM review WHERE stars = 1
CREATE INDEX tried ON review (day, stars) INCLUDE (product_id)
SELECT day, stars, product_id FROM review WHERE day = date '2022-05-05'
SELECT day, avg(stars) FROM review WHERE day BETWEEN date '2022-01-01' AND date '2022-01-31' GROUP BY day ORDER BY day
CREATE INDEX tried ON review (product_id, day DESC) WHERE stars = 5
SELECT * FROM review WHERE product_id = 3 AND stars = 5 ORDER BY day DESC LIMIT 5
CREATE INDEX tried ON review USING gin (to_tsvector('english', body))
SELECT * FROM review WHERE to_tsvector('english', body) @@ to_tsquery('english', 'c4ca4238a0b923820dcc509a6f75849b')
CREATE INDEX tried ON review USING gin (body gin_trgm_ops)
SELECT * FROM review WHERE body LIKE '%c4ca4238a0%'
