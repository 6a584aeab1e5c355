SELECT * FROM customer WHERE id=4242
SELECT * FROM customer WHERE email='u777@ex177.com'
SELECT * FROM customer WHERE email::text LIKE 'u77%'
SELECT * FROM customer WHERE UPPER(name::text) LIKE UPPER('%abcde%')
SELECT * FROM customer WHERE UPPER(name::text) = UPPER('c4ca4238 ec8956637a')
SELECT * FROM customer WHERE country='FR'
SELECT * FROM customer WHERE country='PL' AND active ORDER BY created DESC LIMIT 20
SELECT count(*) FROM customer
SELECT count(*) FROM customer WHERE active
SELECT * FROM customer WHERE attrs @> '{"n": 77}'
SELECT * FROM customer WHERE (attrs -> 'plan') = '"ent"'::jsonb
SELECT * FROM customer WHERE deleted_at IS NOT NULL
SELECT * FROM customer ORDER BY created LIMIT 20
SELECT * FROM customer ORDER BY created LIMIT 20 OFFSET 100000
SELECT * FROM product WHERE category_id=3 ORDER BY price
SELECT * FROM product WHERE tags @> ARRAY['t7']::varchar[]
SELECT * FROM product WHERE tags && ARRAY['t7','t9']::varchar[]
SELECT * FROM product WHERE to_tsvector('english',title) @@ plainto_tsquery('english','red item')
SELECT * FROM product WHERE sku='SKU77'
SELECT * FROM orders WHERE status='pending' ORDER BY created DESC LIMIT 50
SELECT * FROM orders WHERE status='done' AND created > timestamptz '2023-01-01' ORDER BY created DESC
SELECT * FROM orders WHERE created BETWEEN timestamptz '2022-02-01' AND timestamptz '2022-02-03'
SELECT status, count(*) FROM orders GROUP BY status
SELECT customer_id, max(created) FROM orders GROUP BY customer_id
SELECT customer_id, sum(total) FROM orders GROUP BY customer_id ORDER BY 2 DESC LIMIT 10
SELECT created, total FROM orders WHERE customer_id=77 ORDER BY created DESC LIMIT 10
SELECT o.* FROM orders o JOIN customer c ON c.id=o.customer_id WHERE c.country='PL' AND o.status='pending'
SELECT o.*, c.* FROM orders o JOIN customer c ON c.id=o.customer_id ORDER BY o.created DESC LIMIT 25
SELECT i.* FROM item i JOIN orders o ON o.id=i.order_id WHERE o.customer_id=5
SELECT p.title, sum(i.qty) FROM item i JOIN product p ON p.id=i.product_id GROUP BY p.title ORDER BY 2 DESC LIMIT 10
SELECT p.* FROM product p WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.product_id=p.id)
SELECT c.* FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id=c.id AND o.status='cancel' AND o.created > timestamptz '2023-06-01')
SELECT c.id, c.name, i.qty, p.title FROM customer c JOIN orders o ON o.customer_id=c.id JOIN item i ON i.order_id=o.id JOIN product p ON p.id=i.product_id WHERE c.country='NL' AND p.category_id=7 AND o.status='shipped'
SELECT * FROM item WHERE (data->>'color')='red' AND qty=3
SELECT * FROM item WHERE order_id IN (1,2,3,4,5,600,7000)
SELECT * FROM item WHERE data IS NULL AND price > 199.5
SELECT * FROM customer WHERE id IN (SELECT customer_id FROM orders WHERE created > timestamptz '2023-07-20')
SELECT DISTINCT customer_id FROM orders WHERE status='pending'
SELECT date_trunc('month', created), sum(total) FROM orders GROUP BY 1 ORDER BY 1
SELECT c.id, (SELECT o.id FROM orders o WHERE o.customer_id=c.id ORDER BY o.created DESC LIMIT 1) FROM customer c WHERE c.country='GB' LIMIT 100
SELECT * FROM orders WHERE note IS NOT NULL AND total > 990
SELECT * FROM orders WHERE created > timestamptz '2031-01-01'
SELECT * FROM customer WHERE country='FR' OR created > timestamptz '2025-05-01'
UPDATE orders SET status='done' WHERE status='pending' AND created < timestamptz '2019-02-01'
DELETE FROM item WHERE order_id=77
SELECT * FROM item i JOIN orders o ON o.id=i.order_id ORDER BY o.created LIMIT 100
SELECT o.id FROM orders o LEFT JOIN item i ON i.order_id=o.id WHERE i.id IS NULL
SELECT * FROM orders WHERE customer_id = 150000 AND status IN ('done','shipped')
SELECT max(created) FROM orders
SELECT max(created) FROM orders WHERE status='cancel'
SELECT * FROM category WHERE parent_id = 3
SELECT * FROM category WHERE parent_id IS NULL ORDER BY name
SELECT c.*, p.name FROM category c LEFT JOIN category p ON p.id = c.parent_id ORDER BY c.name
SELECT c.name, count(*) FROM category c JOIN product p ON p.category_id = c.id GROUP BY c.id ORDER BY 2 DESC
SELECT * FROM product WHERE category_id IN (SELECT id FROM category WHERE parent_id = 2) ORDER BY id LIMIT 20
SELECT * FROM membership WHERE customer_id = 4711
SELECT * FROM membership WHERE segment_id = 3
SELECT * FROM membership WHERE segment_id = 58
SELECT c.* FROM customer c JOIN membership m ON m.customer_id = c.id WHERE m.segment_id = 58
SELECT c.* FROM customer c JOIN membership m ON m.customer_id = c.id WHERE m.segment_id = 1 ORDER BY c.created DESC LIMIT 50
SELECT s.name, count(*) FROM segment s LEFT JOIN membership m ON m.segment_id = s.id GROUP BY s.id
SELECT s.name, count(*) FROM segment s JOIN membership m ON m.segment_id = s.id JOIN customer c ON c.id = m.customer_id WHERE c.country = 'PL' GROUP BY s.id
SELECT * FROM customer c WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.customer_id = c.id)
SELECT * FROM customer c WHERE EXISTS (SELECT 1 FROM membership m WHERE m.customer_id = c.id AND m.segment_id = 40) AND c.active
SELECT * FROM visit WHERE id = 'c4ca4238-a0b9-2382-0dcc-509a6f75849b'
SELECT * FROM visit WHERE customer_id = 77
SELECT * FROM visit WHERE customer_id IS NULL
SELECT * FROM visit WHERE customer_id IS NULL ORDER BY at DESC LIMIT 100
SELECT * FROM visit WHERE at >= timestamptz '2024-03-01' AND at < timestamptz '2024-03-02'
SELECT * FROM visit WHERE at >= timestamptz '2024-02-01'
SELECT date_trunc('day', at AT TIME ZONE 'UTC'), count(*) FROM visit GROUP BY 1 ORDER BY 1
SELECT * FROM visit WHERE path LIKE '/shop/19%'
SELECT * FROM visit WHERE path::text LIKE '%9/'
SELECT * FROM visit WHERE path = '/shop/3/'
SELECT path, count(*) FROM visit GROUP BY path ORDER BY count(*) DESC LIMIT 10
SELECT path, avg(milliseconds) FROM visit WHERE at > timestamptz '2024-04-01' GROUP BY path HAVING count(*) > 10
SELECT * FROM visit WHERE milliseconds > 2000 ORDER BY at
SELECT * FROM visit WHERE milliseconds > 2500 AND at > timestamptz '2024-05-01'
SELECT * FROM visit WHERE address << inet '10.1.7.0/24'
SELECT * FROM visit WHERE address = inet '10.1.7.9'
SELECT count(DISTINCT customer_id) FROM visit
SELECT v.* FROM visit v JOIN customer c ON c.id = v.customer_id WHERE c.email = 'u777@ex177.com' ORDER BY v.at DESC
SELECT c.country, count(*) FROM visit v JOIN customer c ON c.id = v.customer_id GROUP BY c.country
SELECT * FROM visit WHERE referrer IS NOT NULL AND referrer LIKE 'https://site9%'
SELECT * FROM booking WHERE period && tstzrange('2024-02-01', '2024-02-02')
SELECT * FROM booking WHERE product_id = 77 AND period && tstzrange('2024-02-01', '2024-03-02')
SELECT * FROM booking WHERE period @> timestamptz '2024-06-01 12:00+00'
SELECT * FROM booking WHERE product_id = 5 ORDER BY id DESC LIMIT 10
SELECT p.title, sum(b.seats) FROM booking b JOIN product p ON p.id = b.product_id WHERE p.category_id = 7 GROUP BY p.id
SELECT * FROM review WHERE product_id = 3 AND customer_id = 99
SELECT * FROM review WHERE product_id = 3 ORDER BY day DESC
SELECT * FROM review WHERE product_id = 3 AND stars = 5 ORDER BY day DESC LIMIT 5
SELECT * FROM review WHERE stars = 1
SELECT day, stars, product_id FROM review WHERE day = date '2022-05-05'
SELECT day, avg(stars) FROM review WHERE day BETWEEN date '2022-01-01' AND date '2022-01-31' GROUP BY day ORDER BY day
SELECT p.id, p.title, avg(r.stars) FROM product p JOIN review r ON r.product_id = p.id GROUP BY p.id ORDER BY avg(r.stars) DESC LIMIT 20
SELECT p.* FROM product p WHERE (SELECT count(*) FROM review r WHERE r.product_id = p.id) > 20
SELECT DISTINCT p.category_id FROM review r JOIN product p ON p.id = r.product_id WHERE r.stars = 2
SELECT r.*, c.name FROM review r JOIN customer c ON c.id = r.customer_id WHERE r.product_id IN (1, 2, 3) ORDER BY r.day DESC LIMIT 30
SELECT o.id FROM orders o LEFT JOIN item i ON i.order_id = o.id WHERE i.id IS NULL
SELECT o.*, c.name FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.status = 'pending' AND c.country = 'NL' ORDER BY o.created LIMIT 50
SELECT c.id, sum(i.price * i.qty) FROM customer c JOIN orders o ON o.customer_id = c.id JOIN item i ON i.order_id = o.id WHERE c.country = 'PL' AND o.created >= timestamptz '2023-01-01' GROUP BY c.id ORDER BY 2 DESC LIMIT 100
SELECT * FROM orders WHERE customer_id = 4242 ORDER BY created DESC LIMIT 1
SELECT * FROM orders WHERE customer_id IN (SELECT id FROM customer WHERE created >= timestamptz '2023-01-01') AND status = 'cancel'
UPDATE visit SET referrer = NULL WHERE at < timestamptz '2024-01-02'
DELETE FROM membership WHERE segment_id = 59
UPDATE review SET stars = 1 WHERE id = 4
INSERT INTO segment (name) VALUES ('new')
SELECT * FROM customer WHERE id IN (1, 5, 9, 4000, 90000)
SELECT * FROM customer ORDER BY id LIMIT 20 OFFSET 40
