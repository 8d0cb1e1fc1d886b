-- {"what": "asked", "id": "5005g0000000001AAA", "at": "2026-09-01T08:06:00+00:00", "subject": "Charged twice asked"}
-- {"what": "approved", "id": "5005g0000000002AAA", "at": "2026-09-01T08:18:00+00:00", "subject": "Charged twice approved"}
-- {"what": "sending", "id": "5005g0000000003AAA", "at": "2026-09-01T08:30:00+00:00", "subject": "Charged twice sending"}
-- {"what": "captured", "id": "5005g0000000004AAA", "at": "2026-09-01T08:42:00+00:00", "subject": "Charged twice captured"}
-- {"what": "end", "at": "2026-09-01T08:48:00+00:00"}
BEGIN TRANSACTION;
CREATE TABLE change_aliases (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            into_record TEXT NOT NULL,
            PRIMARY KEY (connection, object, record)
        );
CREATE TABLE change_backfills (
            name TEXT PRIMARY KEY,
            policy TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            place TEXT,
            since BIGINT,
            ceiling BIGINT,
            queued BIGINT NOT NULL,
            done INTEGER NOT NULL,
            started_at BIGINT NOT NULL
        );
CREATE TABLE change_completeness (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            at BIGINT NOT NULL,
            records BIGINT NOT NULL,
            matched BIGINT NOT NULL,
            repaired BIGINT NOT NULL,
            PRIMARY KEY (connection, object)
        );
CREATE TABLE change_cursors (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            activated_at BIGINT NOT NULL,
            cursor TEXT NOT NULL,
            sweep TEXT,
            baselined INTEGER NOT NULL,
            fields TEXT NOT NULL,
            PRIMARY KEY (connection, object)
        );
INSERT INTO "change_cursors" VALUES('crm','ticket',1788249960000000,'{"stamp":"2026-09-01T08:42:00Z","last":"5005g0000000004AAA","reading":false,"proven":"2026-09-01T08:37:00Z","proving":null,"seen_at":"2026-09-01T08:48:00Z","proved_at":"2026-09-01T08:42:00Z","deleted_until":"2026-09-01T08:48:00Z","v":1}',NULL,1,'["description", "status", "subject"]');
CREATE TABLE change_inbox (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            origin TEXT NOT NULL,
            occurred_at BIGINT NOT NULL,
            version TEXT,
            slot TEXT,
            into_record TEXT,
            run TEXT,
            key TEXT NOT NULL UNIQUE,
            attempts INTEGER NOT NULL,
            not_before BIGINT NOT NULL,
            buried INTEGER NOT NULL,
            reason TEXT
        );
INSERT INTO "change_inbox" VALUES(4,'crm','ticket','5005g0000000004AAA','created','poll',1788252120000000,'2026-09-01T08:42:00Z',NULL,NULL,NULL,'crm:ticket/5005g0000000004AAA@2026-09-01T08:42:00Z',0,0,0,NULL);
CREATE TABLE change_seen (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            version TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            snapshot TEXT,
            related TEXT,
            PRIMARY KEY (connection, object, record)
        );
INSERT INTO "change_seen" VALUES('crm','ticket','5005g0000000001AAA','2026-09-01T08:06:00Z',1788249960000000,'{"description":null,"status":"new","subject":"Charged twice asked"}',NULL);
INSERT INTO "change_seen" VALUES('crm','ticket','5005g0000000002AAA','2026-09-01T08:18:00Z',1788250680000000,'{"description":null,"status":"new","subject":"Charged twice approved"}',NULL);
INSERT INTO "change_seen" VALUES('crm','ticket','5005g0000000003AAA','2026-09-01T08:30:00Z',1788251400000000,'{"description":null,"status":"new","subject":"Charged twice sending"}',NULL);
INSERT INTO "change_seen" VALUES('crm','ticket','5005g0000000004AAA','2026-09-01T08:42:00Z',1788252120000000,NULL,NULL);
CREATE TABLE change_timers (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            slot TEXT NOT NULL,
            due_at BIGINT NOT NULL,
            PRIMARY KEY (connection, object, record, policy)
        );
CREATE TABLE change_triggers (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            visit BIGINT NOT NULL,
            PRIMARY KEY (connection, object, record, policy)
        );
INSERT INTO "change_triggers" VALUES('crm','ticket','5005g0000000001AAA','triage','a18f095a73591eaa7104f24c657a3fe0',1);
INSERT INTO "change_triggers" VALUES('crm','ticket','5005g0000000002AAA','triage','6151208a008ed35759713b1c55441b43',1);
INSERT INTO "change_triggers" VALUES('crm','ticket','5005g0000000003AAA','triage','5035818e8ff6d1e0aa5cf6257452a178',1);
CREATE TABLE context_agent_values (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        field TEXT NOT NULL,
        digest TEXT NOT NULL,
        origin TEXT NOT NULL,
        decision TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (connection, object, record, field)
    );
CREATE TABLE context_examples (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        field TEXT NOT NULL,
        text TEXT NOT NULL,
        value TEXT NOT NULL,
        source TEXT NOT NULL,
        stamped_at BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (connection, object, record, field)
    );
CREATE TABLE context_past (
        decision TEXT NOT NULL,
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        at BIGINT NOT NULL,
        policy TEXT NOT NULL,
        summary TEXT NOT NULL,
        outcome TEXT NOT NULL,
        verdict TEXT,
        PRIMARY KEY (connection, object, record, decision)
    );
INSERT INTO "context_past" VALUES('515a32c1a58ac94b229aea7252c81c44','crm','ticket','5005g0000000001AAA',1788250320000000,'triage','set category to billing','approval',NULL);
INSERT INTO "context_past" VALUES('4c3aa2c617c91cf721922409853ccd77','crm','ticket','5005g0000000002AAA',1788251040000000,'triage','set category to billing','approval','approved');
INSERT INTO "context_past" VALUES('7b5456b93a3cc689cbe8865cf7d4dcf6','crm','ticket','5005g0000000003AAA',1788251760000000,'triage','set category to billing','approval','approved');
CREATE TABLE decision_decisions (
            decision TEXT PRIMARY KEY,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            policy_version TEXT NOT NULL,
            tier TEXT NOT NULL,
            enough INTEGER NOT NULL,
            disposition TEXT NOT NULL,
            rationale TEXT NOT NULL,
            detail TEXT NOT NULL,
            usd TEXT NOT NULL,
            occurred_at BIGINT NOT NULL,
            decided_at BIGINT NOT NULL,
            run TEXT
        );
INSERT INTO "decision_decisions" VALUES('515a32c1a58ac94b229aea7252c81c44','crm','ticket','5005g0000000001AAA','triage','76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2','offline',1,'approval','learned from this organisation''s own tickets: category billing (97%)','{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000001AAA","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"a18f095a73591eaa7104f24c657a3fe0","missing":[],"read":[],"visit":1}','0',1788249960000000,1788250320000000,NULL);
INSERT INTO "decision_decisions" VALUES('4c3aa2c617c91cf721922409853ccd77','crm','ticket','5005g0000000002AAA','triage','76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2','offline',1,'approval','learned from this organisation''s own tickets: category billing (97%)','{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000002AAA","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"6151208a008ed35759713b1c55441b43","missing":[],"read":[],"visit":1}','0',1788250680000000,1788251040000000,NULL);
INSERT INTO "decision_decisions" VALUES('7b5456b93a3cc689cbe8865cf7d4dcf6','crm','ticket','5005g0000000003AAA','triage','76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2','offline',1,'approval','learned from this organisation''s own tickets: category billing (97%)','{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000003AAA","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"5035818e8ff6d1e0aa5cf6257452a178","missing":[],"read":[],"visit":1}','0',1788251400000000,1788251760000000,NULL);
CREATE TABLE decision_examples (
            connection TEXT NOT NULL,
            policy TEXT NOT NULL,
            object TEXT NOT NULL,
            field TEXT NOT NULL,
            examples INTEGER NOT NULL,
            needed INTEGER NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (connection, policy, object, field)
        );
CREATE TABLE decision_learners (
            connection TEXT NOT NULL,
            policy TEXT NOT NULL,
            object TEXT NOT NULL,
            field TEXT NOT NULL,
            version INTEGER NOT NULL,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            examples INTEGER NOT NULL,
            fitted_at BIGINT NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            withdrawn INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (connection, policy, object, field, version)
        );
CREATE TABLE decision_spending (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            policy TEXT NOT NULL,
            day TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            reserved BIGINT NOT NULL,
            settled BIGINT
        );
CREATE TABLE gate_approvals (
            approval TEXT PRIMARY KEY,
            intent TEXT NOT NULL,
            decision TEXT NOT NULL,
            policy TEXT NOT NULL,
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            content TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            held TEXT NOT NULL,
            action_hash TEXT NOT NULL,
            rule TEXT NOT NULL,
            on_overwrite TEXT NOT NULL,
            confidence DOUBLE PRECISION NOT NULL,
            rationale TEXT NOT NULL,
            reasons TEXT NOT NULL,
            citations TEXT NOT NULL,
            after_intent TEXT,
            run TEXT,
            state TEXT NOT NULL,
            owner TEXT NOT NULL,
            asked_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            settled_at BIGINT,
            settled_by TEXT,
            remark TEXT
        );
INSERT INTO "gate_approvals" VALUES('7d7975311995','193b14f8648fc2d9827032c7218a8096','515a32c1a58ac94b229aea7252c81c44','triage','crm/triage/ticket/update/category','offline:4648c9fc8cafea5d','f81919177669e7593dd8cab4c6c94f96','crm','ticket','5005g0000000001AAA','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000001AAA","value":"billing"},"bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice asked"}}}','32de5fe5e3d7a34b4f744bccaf193b75f8cb158d51c809b608059dc5c3c0f3bb','human_wins','restore',0.97,'learned from this organisation''s own tickets: category billing (97%)','[["not_earned","category has not earned autonomy yet"]]','[{"origin":"outsider","quote":"Charged twice asked","source":"ticket.subject"}]',NULL,NULL,'pending','leads',1788250320000000,1788509520000000,NULL,NULL,NULL);
INSERT INTO "gate_approvals" VALUES('096807995d67','94a8a0ee12d8dc0a2abf2caf800d994b','4c3aa2c617c91cf721922409853ccd77','triage','crm/triage/ticket/update/category','offline:4648c9fc8cafea5d','150d02b086d50162e1748ada0d3d76e6','crm','ticket','5005g0000000002AAA','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000002AAA","value":"billing"},"bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice approved"}}}','9fbb057596305355cf98e9a06032259526ac7fcde50df25a797f647db9d67295','human_wins','restore',0.97,'learned from this organisation''s own tickets: category billing (97%)','[["not_earned","category has not earned autonomy yet"]]','[{"origin":"outsider","quote":"Charged twice approved","source":"ticket.subject"}]',NULL,NULL,'approved','leads',1788251040000000,1788510240000000,1788252120000000,'ada',NULL);
INSERT INTO "gate_approvals" VALUES('dbf0fdfe1606','a2fdf2e5c1940d56473660e5e4ebac2d','7b5456b93a3cc689cbe8865cf7d4dcf6','triage','crm/triage/ticket/update/category','offline:4648c9fc8cafea5d','c2e7721aa97b1394ddbff85566324874','crm','ticket','5005g0000000003AAA','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000003AAA","value":"billing"},"bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice sending"}}}','01a14cb6bbc473c0107333719268e8f20b35737042d45e2b64a0a33f1ebc3d2a','human_wins','restore',0.97,'learned from this organisation''s own tickets: category billing (97%)','[["not_earned","category has not earned autonomy yet"]]','[{"origin":"outsider","quote":"Charged twice sending","source":"ticket.subject"}]',NULL,NULL,'approved','leads',1788251760000000,1788510960000000,1788252120000000,'ada',NULL);
CREATE TABLE gate_cells (
            cell TEXT PRIMARY KEY,
            pins TEXT NOT NULL,
            state TEXT NOT NULL,
            threshold DOUBLE PRECISION,
            looks INTEGER NOT NULL,
            evidence TEXT NOT NULL,
            held_values TEXT NOT NULL,
            changed_at BIGINT NOT NULL
        );
CREATE TABLE gate_handoffs (
            handoff TEXT PRIMARY KEY,
            decision TEXT NOT NULL,
            policy TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            reason TEXT NOT NULL,
            summary TEXT NOT NULL,
            tried TEXT NOT NULL,
            missing TEXT NOT NULL,
            owner TEXT NOT NULL,
            ladder TEXT NOT NULL,
            step INTEGER NOT NULL,
            fallback TEXT NOT NULL,
            state TEXT NOT NULL,
            opened_at BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            settled_at BIGINT,
            settled_by TEXT,
            remark TEXT
        );
CREATE TABLE gate_labels (
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            content TEXT NOT NULL,
            proposed TEXT NOT NULL,
            actual TEXT,
            agreed INTEGER NOT NULL,
            confidence DOUBLE PRECISION NOT NULL,
            source TEXT NOT NULL,
            connection TEXT,
            object TEXT,
            record TEXT,
            at BIGINT NOT NULL,
            PRIMARY KEY (cell, pins, content)
        );
INSERT INTO "gate_labels" VALUES('crm/triage/ticket/update/category','offline:4648c9fc8cafea5d','c2e7721aa97b1394ddbff85566324874','billing',NULL,1,0.97,'verdict','crm','ticket','5005g0000000003AAA',1788252120000000);
INSERT INTO "gate_labels" VALUES('crm/triage/ticket/update/category','offline:4648c9fc8cafea5d','150d02b086d50162e1748ada0d3d76e6','billing',NULL,1,0.97,'verdict','crm','ticket','5005g0000000002AAA',1788252120000000);
CREATE TABLE gate_looks (
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            looks INTEGER NOT NULL,
            PRIMARY KEY (cell, pins)
        );
CREATE TABLE gate_passes (
            intent TEXT PRIMARY KEY,
            policy TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            at BIGINT NOT NULL,
            is_new INTEGER NOT NULL,
            run TEXT
        );
CREATE TABLE journal_bodies (
            body_digest TEXT PRIMARY KEY,
            salt TEXT NOT NULL,
            body TEXT NOT NULL
        );
INSERT INTO "journal_bodies" VALUES('6dce5232e26389b0f3547ac1af50a73845c33b1c2ccfe858f564aeb2de520590','cd613e30d8f16adf91b7584a2265b1f5','{"connection":"crm","object":"ticket"}');
INSERT INTO "journal_bodies" VALUES('055a1cae2938ca1541c9154169e5535ef67ee4836dabd28bbbb27a646f954867','1e2feb89414c343c1027c4d1c386bbc4','{"context":"851405a84812e00bb55ce4a394a03790d88ad15e6d8e0f2b2cfc0e7a1c12c665","detail":{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000001AAA","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"a18f095a73591eaa7104f24c657a3fe0","missing":[],"read":[],"visit":1},"goal":"Every new ticket gets a category.","missing":[],"pins":{"embedder":"","learner":"words@1","model":"ticket_triage","prompt":"","schema":"578967cff993f542","tier":"offline"},"policy_version":"76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2","rationale":"learned from this organisation''s own tickets: category billing (97%)","record_version":"2026-09-01T08:06:00Z","usage":{"cached_tokens":0,"input_tokens":0,"output_tokens":0,"usd":"0"},"why_now":{"event":"created","fields":[],"visit":1}}');
INSERT INTO "journal_bodies" VALUES('14fb7582b5883e5b656e17fd6bb8a24680fd075c2107914bfc4ccbf13f4361a3','78e510617311d8a3c2ce6f447ed4d57b','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000001AAA","value":"billing"},"approval":"7d7975311995","bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice asked"}},"cell":"crm/triage/ticket/update/category","citations":[{"origin":"outsider","quote":"Charged twice asked","source":"ticket.subject"}],"confidence":0.97,"owner":"leads","policy_line":"policy.yaml:10","reasons":["not_earned: category has not earned autonomy yet"],"text":"set category to billing"}');
INSERT INTO "journal_bodies" VALUES('9bbcf57b56482cc47b2e406f35844b1c413fba08d441e389122d92fec1eb5b93','35bf992dc9e9c616612e7696a6cecc1b','{"context":"4ef2c7ac5588cbf9e83fd52d3a4d1bce5e44d59e440005b416f8a236b265a950","detail":{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000002AAA","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"6151208a008ed35759713b1c55441b43","missing":[],"read":[],"visit":1},"goal":"Every new ticket gets a category.","missing":[],"pins":{"embedder":"","learner":"words@1","model":"ticket_triage","prompt":"","schema":"578967cff993f542","tier":"offline"},"policy_version":"76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2","rationale":"learned from this organisation''s own tickets: category billing (97%)","record_version":"2026-09-01T08:18:00Z","usage":{"cached_tokens":0,"input_tokens":0,"output_tokens":0,"usd":"0"},"why_now":{"event":"created","fields":[],"visit":1}}');
INSERT INTO "journal_bodies" VALUES('0ddde3a6e4f5cb973eb1663b0dd9c6200233a4720c9395c76f57de710ac84f11','e4b06ce60741c7a87ce42c8218072e8c','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000002AAA","value":"billing"},"approval":"096807995d67","bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice approved"}},"cell":"crm/triage/ticket/update/category","citations":[{"origin":"outsider","quote":"Charged twice approved","source":"ticket.subject"}],"confidence":0.97,"owner":"leads","policy_line":"policy.yaml:10","reasons":["not_earned: category has not earned autonomy yet"],"text":"set category to billing"}');
INSERT INTO "journal_bodies" VALUES('8c107fad031e0686b76ffc31c1649f5828c6c018bb8f23e57d3bc2932609988e','9b810e766ec9d28663ca828dd5f4b3b2','{"context":"5f021788e90dca44f1a916b5e548f2e37e483ad950df558373f9134dbca9a8b1","detail":{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000003AAA","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"5035818e8ff6d1e0aa5cf6257452a178","missing":[],"read":[],"visit":1},"goal":"Every new ticket gets a category.","missing":[],"pins":{"embedder":"","learner":"words@1","model":"ticket_triage","prompt":"","schema":"578967cff993f542","tier":"offline"},"policy_version":"76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2","rationale":"learned from this organisation''s own tickets: category billing (97%)","record_version":"2026-09-01T08:30:00Z","usage":{"cached_tokens":0,"input_tokens":0,"output_tokens":0,"usd":"0"},"why_now":{"event":"created","fields":[],"visit":1}}');
INSERT INTO "journal_bodies" VALUES('5e2336cc50788626b53e36f5aa0e7b4d59cc112bb468f4f6cc88dc2f47f174fa','b2221a58008a05a6c4647159c324c985','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000003AAA","value":"billing"},"approval":"dbf0fdfe1606","bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice sending"}},"cell":"crm/triage/ticket/update/category","citations":[{"origin":"outsider","quote":"Charged twice sending","source":"ticket.subject"}],"confidence":0.97,"owner":"leads","policy_line":"policy.yaml:10","reasons":["not_earned: category has not earned autonomy yet"],"text":"set category to billing"}');
INSERT INTO "journal_bodies" VALUES('decd7779669252886b225ea8bd2ee5e30a4f3cd2ed957cb8bd4f8c9e6035ad08','cd447e35b8b6d8fe442e3d437204e52d','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000003AAA","value":"billing"},"approval":"dbf0fdfe1606","remark":null}');
INSERT INTO "journal_bodies" VALUES('472cea9fd0bd0130367a04eb26dc1956f0fd9f14fda01ffd9d86c10a2853b4ca','1a2b8f1ff1fd42a29755d4c13a902931','{"action":{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000002AAA","value":"billing"},"approval":"096807995d67","remark":null}');
CREATE TABLE journal_entries (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at BIGINT NOT NULL,
            kind TEXT NOT NULL,
            connection TEXT,
            object TEXT,
            record TEXT,
            policy TEXT,
            decision TEXT,
            intent TEXT,
            run TEXT,
            actor TEXT NOT NULL,
            body_digest TEXT NOT NULL,
            digest TEXT NOT NULL
        );
INSERT INTO "journal_entries" VALUES(1,1788249960000000,'activated',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'service','6dce5232e26389b0f3547ac1af50a73845c33b1c2ccfe858f564aeb2de520590','08074a32279383791aaeb574d117b43ad94ac2685219b1c9ce318520645486a9');
INSERT INTO "journal_entries" VALUES(2,1788250320000000,'decided','crm','ticket','5005g0000000001AAA','triage','515a32c1a58ac94b229aea7252c81c44',NULL,NULL,'service','055a1cae2938ca1541c9154169e5535ef67ee4836dabd28bbbb27a646f954867','8610e5b4ee66f7737349dd7f0a302e91d3683918ef42366be6c94c361047fe1e');
INSERT INTO "journal_entries" VALUES(3,1788250320000000,'approval_requested','crm','ticket','5005g0000000001AAA','triage','515a32c1a58ac94b229aea7252c81c44','193b14f8648fc2d9827032c7218a8096',NULL,'service','14fb7582b5883e5b656e17fd6bb8a24680fd075c2107914bfc4ccbf13f4361a3','fd92183fabcec8b345893cf77c21661c078e5933a226c74825c2451ff593bb5e');
INSERT INTO "journal_entries" VALUES(4,1788251040000000,'decided','crm','ticket','5005g0000000002AAA','triage','4c3aa2c617c91cf721922409853ccd77',NULL,NULL,'service','9bbcf57b56482cc47b2e406f35844b1c413fba08d441e389122d92fec1eb5b93','1926091ecd10ad372d4561e577fe49dce2d98cad446d841b6b9d73ef8435fb73');
INSERT INTO "journal_entries" VALUES(5,1788251040000000,'approval_requested','crm','ticket','5005g0000000002AAA','triage','4c3aa2c617c91cf721922409853ccd77','94a8a0ee12d8dc0a2abf2caf800d994b',NULL,'service','0ddde3a6e4f5cb973eb1663b0dd9c6200233a4720c9395c76f57de710ac84f11','221a0038bd3028933c443ae9f4fb3b7bf71523142aba8c594427cb1143ca83ae');
INSERT INTO "journal_entries" VALUES(6,1788251760000000,'decided','crm','ticket','5005g0000000003AAA','triage','7b5456b93a3cc689cbe8865cf7d4dcf6',NULL,NULL,'service','8c107fad031e0686b76ffc31c1649f5828c6c018bb8f23e57d3bc2932609988e','950776691cceb4e6304551e66afe7e9c810c40c075c27bae62c6b4f98227786e');
INSERT INTO "journal_entries" VALUES(7,1788251760000000,'approval_requested','crm','ticket','5005g0000000003AAA','triage','7b5456b93a3cc689cbe8865cf7d4dcf6','a2fdf2e5c1940d56473660e5e4ebac2d',NULL,'service','5e2336cc50788626b53e36f5aa0e7b4d59cc112bb468f4f6cc88dc2f47f174fa','b620f449ddd484b1b4e0ae2469ae2cb5f5a8f4fb1088ed41a6df56f4afda39ea');
INSERT INTO "journal_entries" VALUES(8,1788252120000000,'approved','crm','ticket','5005g0000000003AAA','triage','7b5456b93a3cc689cbe8865cf7d4dcf6','a2fdf2e5c1940d56473660e5e4ebac2d',NULL,'ada','decd7779669252886b225ea8bd2ee5e30a4f3cd2ed957cb8bd4f8c9e6035ad08','13dc245190cac2ea231f4913a0b6d46ee547b0989907cb4afc285cb5af5062f6');
INSERT INTO "journal_entries" VALUES(9,1788252120000000,'approved','crm','ticket','5005g0000000002AAA','triage','4c3aa2c617c91cf721922409853ccd77','94a8a0ee12d8dc0a2abf2caf800d994b',NULL,'ada','472cea9fd0bd0130367a04eb26dc1956f0fd9f14fda01ffd9d86c10a2853b4ca','37432c1dfe70d66bad8032b9eb60926e697064bdc3c5bf09cfa7e634e15760f3');
CREATE TABLE journal_seals (
            first BIGINT PRIMARY KEY,
            last BIGINT NOT NULL,
            entries BIGINT NOT NULL,
            chain TEXT NOT NULL,
            head TEXT NOT NULL
        );
CREATE TABLE store_migrations (
    stage TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (stage, number)
);
INSERT INTO "store_migrations" VALUES('journal',1,'entries, bodies and seals');
INSERT INTO "store_migrations" VALUES('change',1,'cursors, seen records, inbox, triggers, aliases, timers');
INSERT INTO "store_migrations" VALUES('change',2,'backfills and completeness');
INSERT INTO "store_migrations" VALUES('context',1,'examples');
INSERT INTO "store_migrations" VALUES('context',2,'past decisions');
INSERT INTO "store_migrations" VALUES('context',3,'values agents wrote');
INSERT INTO "store_migrations" VALUES('decision',1,'learners and spending');
INSERT INTO "store_migrations" VALUES('decisions',1,'decisions');
INSERT INTO "store_migrations" VALUES('gate',1,'passes, cells, labels, approvals, handoffs');
INSERT INTO "store_migrations" VALUES('gate',2,'looks per pins');
INSERT INTO "store_migrations" VALUES('writeback',1,'outbox');
CREATE TABLE writeback_outbox (
            intent TEXT PRIMARY KEY,
            decision TEXT NOT NULL,
            policy TEXT NOT NULL,
            approval TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            purpose TEXT NOT NULL,
            action TEXT NOT NULL,
            bases TEXT NOT NULL,
            rule TEXT NOT NULL,
            on_overwrite TEXT NOT NULL,
            cleared_by TEXT NOT NULL,
            cleared_at BIGINT NOT NULL,
            after_intent TEXT,
            run TEXT,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            not_before BIGINT NOT NULL,
            sent_at BIGINT,
            live TEXT,
            outcome TEXT,
            inverse TEXT,
            settled_at BIGINT
        );
INSERT INTO "writeback_outbox" VALUES('a2fdf2e5c1940d56473660e5e4ebac2d','7b5456b93a3cc689cbe8865cf7d4dcf6','triage','dbf0fdfe1606','crm','ticket','5005g0000000003AAA','update','act','{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000003AAA","value":"billing"}','{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice sending"}}','human_wins','restore','ada',1788252120000000,NULL,NULL,'sending',1,0,1788252120000000,'{"created_at":"2026-09-01T08:30:00+00:00","fields":{"category":null,"description":null,"subject":"Charged twice sending"},"modified_at":"2026-09-01T08:30:00+00:00","modified_by":"0055g0000000002AAA","read_at":"2026-09-01T08:42:00+00:00","ref":"crm:ticket/5005g0000000003AAA","stamps":{},"version":"2026-09-01T08:30:00Z"}',NULL,NULL,NULL);
INSERT INTO "writeback_outbox" VALUES('94a8a0ee12d8dc0a2abf2caf800d994b','4c3aa2c617c91cf721922409853ccd77','triage','096807995d67','crm','ticket','5005g0000000002AAA','update','act','{"field":"category","kind":"update","ref":"crm:ticket/5005g0000000002AAA","value":"billing"}','{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":null,"by":null,"source":null,"value":"Charged twice approved"}}','human_wins','restore','ada',1788252120000000,NULL,NULL,'ready',0,0,NULL,NULL,NULL,NULL,NULL);
CREATE INDEX journal_entries_record ON journal_entries (connection, object, record);
CREATE INDEX journal_entries_decision ON journal_entries (decision);
CREATE INDEX journal_entries_intent ON journal_entries (intent);
CREATE INDEX change_inbox_due ON change_inbox (buried, seq);
CREATE INDEX change_inbox_record ON change_inbox (connection, object, record);
CREATE INDEX change_timers_due ON change_timers (due_at);
CREATE INDEX context_examples_training ON context_examples (connection, object, field, source, stamped_at);
CREATE INDEX context_past_decision ON context_past (decision);
CREATE INDEX decision_spending_by_day ON decision_spending (policy, day);
CREATE INDEX decision_decisions_record ON decision_decisions (connection, object, record);
CREATE INDEX decision_decisions_when ON decision_decisions (decided_at);
CREATE INDEX gate_passes_window ON gate_passes (policy, connection, at);
CREATE INDEX gate_passes_record ON gate_passes (connection, object, record, at);
CREATE INDEX gate_approvals_state ON gate_approvals (state, expires_at);
CREATE INDEX gate_approvals_record ON gate_approvals (connection, object, record);
CREATE INDEX gate_handoffs_state ON gate_handoffs (state, due_at);
CREATE INDEX writeback_outbox_state ON writeback_outbox (state, cleared_at, record, intent);
CREATE INDEX writeback_outbox_record ON writeback_outbox (connection, object, record);
CREATE INDEX writeback_outbox_decision ON writeback_outbox (decision);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('journal_entries',9);
INSERT INTO "sqlite_sequence" VALUES('change_inbox',4);
COMMIT;
