-- {"what": "asked", "id": "21100002", "at": "2026-09-01T08:03:00+00:00", "subject": "Charged twice asked"}
-- {"what": "approved", "id": "21100003", "at": "2026-09-01T08:09:00+00:00", "subject": "Charged twice approved"}
-- {"what": "sending", "id": "21100004", "at": "2026-09-01T08:15:00+00:00", "subject": "Charged twice sending"}
-- {"what": "captured", "id": "21100005", "at": "2026-09-01T08:21:00+00:00", "subject": "Charged twice captured"}
-- {"what": "end", "at": "2026-09-01T08:24:00+00:00"}
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
INSERT INTO "change_cursors" VALUES('crm','ticket',1788249780000000,'{"since":1788251040000,"window":null,"began":null,"last_id":"0","short":false,"archived_since":1788251040000,"archived_pages":1,"archived_at":null,"archived_id":"0","listing":false}',NULL,1,'["description", "status", "subject"]');
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
INSERT INTO "change_inbox" VALUES(4,'crm','ticket','21100005','created','poll',1788250860000000,'1788250860000',NULL,NULL,NULL,'crm:ticket/21100005@1788250860000',0,0,0,NULL);
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
INSERT INTO "change_seen" VALUES('crm','ticket','21100002','1788249780000',1788249780000000,'{"description":null,"status":"new","subject":"Charged twice asked"}',NULL);
INSERT INTO "change_seen" VALUES('crm','ticket','21100003','1788250140000',1788250140000000,'{"description":null,"status":"new","subject":"Charged twice approved"}',NULL);
INSERT INTO "change_seen" VALUES('crm','ticket','21100004','1788250500000',1788250500000000,'{"description":null,"status":"new","subject":"Charged twice sending"}',NULL);
INSERT INTO "change_seen" VALUES('crm','ticket','21100005','1788250860000',1788250860000000,NULL,NULL);
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
INSERT INTO "change_triggers" VALUES('crm','ticket','21100002','triage','a18f095a73591eaa7104f24c657a3fe0',1);
INSERT INTO "change_triggers" VALUES('crm','ticket','21100003','triage','6151208a008ed35759713b1c55441b43',1);
INSERT INTO "change_triggers" VALUES('crm','ticket','21100004','triage','5035818e8ff6d1e0aa5cf6257452a178',1);
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
INSERT INTO "context_past" VALUES('5cefbc540c68367c8c1f0b518ae86f9b','crm','ticket','21100002',1788249960000000,'triage','set category to billing','approval',NULL);
INSERT INTO "context_past" VALUES('198074d05db0d925db630ff7ca5ebe8a','crm','ticket','21100003',1788250320000000,'triage','set category to billing','approval','approved');
INSERT INTO "context_past" VALUES('df11714a960d12007e113db01820e44e','crm','ticket','21100004',1788250680000000,'triage','set category to billing','approval','approved');
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
INSERT INTO "decision_decisions" VALUES('5cefbc540c68367c8c1f0b518ae86f9b','crm','ticket','21100002','triage','76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2','offline',1,'approval','learned from this organisation''s own tickets: category billing (97%)','{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100002","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"a18f095a73591eaa7104f24c657a3fe0","missing":[],"read":[],"visit":1}','0',1788249780000000,1788249960000000,NULL);
INSERT INTO "decision_decisions" VALUES('198074d05db0d925db630ff7ca5ebe8a','crm','ticket','21100003','triage','76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2','offline',1,'approval','learned from this organisation''s own tickets: category billing (97%)','{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100003","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"6151208a008ed35759713b1c55441b43","missing":[],"read":[],"visit":1}','0',1788250140000000,1788250320000000,NULL);
INSERT INTO "decision_decisions" VALUES('df11714a960d12007e113db01820e44e','crm','ticket','21100004','triage','76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2','offline',1,'approval','learned from this organisation''s own tickets: category billing (97%)','{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100004","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"5035818e8ff6d1e0aa5cf6257452a178","missing":[],"read":[],"visit":1}','0',1788250500000000,1788250680000000,NULL);
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
INSERT INTO "gate_approvals" VALUES('00a1b4858ae7','9e7f369fcb04d03b92313d3884af8051','5cefbc540c68367c8c1f0b518ae86f9b','triage','crm/triage/ticket/update/category','offline:2f2207780f9f52cc','f81919177669e7593dd8cab4c6c94f96','crm','ticket','21100002','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100002","value":"billing"},"bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:03:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice asked"}}}','2413ebbc1b2d2526d3fcb07944419e93136817135e97a9105871ad6cb09d51b6','human_wins','restore',0.97,'learned from this organisation''s own tickets: category billing (97%)','[["not_earned","category has not earned autonomy yet"]]','[{"origin":"outsider","quote":"Charged twice asked","source":"ticket.subject"}]',NULL,NULL,'pending','leads',1788249960000000,1788509160000000,NULL,NULL,NULL);
INSERT INTO "gate_approvals" VALUES('c51391fe599d','6dc09a5c60d7a65a74a64175aecd157e','198074d05db0d925db630ff7ca5ebe8a','triage','crm/triage/ticket/update/category','offline:2f2207780f9f52cc','150d02b086d50162e1748ada0d3d76e6','crm','ticket','21100003','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100003","value":"billing"},"bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:09:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice approved"}}}','b332c80b5523b2f129214cc8d5e3ed7b2166ba57dcb85d4a1460e4fc2dc303c2','human_wins','restore',0.97,'learned from this organisation''s own tickets: category billing (97%)','[["not_earned","category has not earned autonomy yet"]]','[{"origin":"outsider","quote":"Charged twice approved","source":"ticket.subject"}]',NULL,NULL,'approved','leads',1788250320000000,1788509520000000,1788250860000000,'ada',NULL);
INSERT INTO "gate_approvals" VALUES('e05ffc749590','825b60bbe60ad142f47296b8f77ce18e','df11714a960d12007e113db01820e44e','triage','crm/triage/ticket/update/category','offline:2f2207780f9f52cc','c2e7721aa97b1394ddbff85566324874','crm','ticket','21100004','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100004","value":"billing"},"bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:15:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice sending"}}}','c83618ecbdec298243e7500361729bdccba18fd1b3219f7400a08fb0d884cb78','human_wins','restore',0.97,'learned from this organisation''s own tickets: category billing (97%)','[["not_earned","category has not earned autonomy yet"]]','[{"origin":"outsider","quote":"Charged twice sending","source":"ticket.subject"}]',NULL,NULL,'approved','leads',1788250680000000,1788509880000000,1788250860000000,'ada',NULL);
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
INSERT INTO "gate_labels" VALUES('crm/triage/ticket/update/category','offline:2f2207780f9f52cc','c2e7721aa97b1394ddbff85566324874','billing',NULL,1,0.97,'verdict','crm','ticket','21100004',1788250860000000);
INSERT INTO "gate_labels" VALUES('crm/triage/ticket/update/category','offline:2f2207780f9f52cc','150d02b086d50162e1748ada0d3d76e6','billing',NULL,1,0.97,'verdict','crm','ticket','21100003',1788250860000000);
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
INSERT INTO "journal_bodies" VALUES('6693f5792397069b0748b500cf170fbeee71f90351f6552ae51b38ee5d42425f','1e2feb89414c343c1027c4d1c386bbc4','{"context":"8b6f7f5377cdd55fcd5568926967bf72ce0d7619329a6391aa00b7aa30557ab5","detail":{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100002","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"a18f095a73591eaa7104f24c657a3fe0","missing":[],"read":[],"visit":1},"goal":"Every new ticket gets a category.","missing":[],"pins":{"embedder":"","learner":"words@1","model":"ticket_triage","prompt":"","schema":"6a4c48c47a8d3a23","tier":"offline"},"policy_version":"76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2","rationale":"learned from this organisation''s own tickets: category billing (97%)","record_version":"1788249780000","usage":{"cached_tokens":0,"input_tokens":0,"output_tokens":0,"usd":"0"},"why_now":{"event":"created","fields":[],"visit":1}}');
INSERT INTO "journal_bodies" VALUES('6d792ccd97a6076e5504aa218207d5bd79d2d6df2b9bd79ce49798b9e287f9b0','78e510617311d8a3c2ce6f447ed4d57b','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100002","value":"billing"},"approval":"00a1b4858ae7","bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:03:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice asked"}},"cell":"crm/triage/ticket/update/category","citations":[{"origin":"outsider","quote":"Charged twice asked","source":"ticket.subject"}],"confidence":0.97,"owner":"leads","policy_line":"policy.yaml:10","reasons":["not_earned: category has not earned autonomy yet"],"text":"set category to billing"}');
INSERT INTO "journal_bodies" VALUES('4dfcd8758a4f9574b280677c0701353da88fef52547c7570e8bdff504a9f1bef','35bf992dc9e9c616612e7696a6cecc1b','{"context":"f8865ed6ecf3070c40e8e365e875e989da077d4399cb617e8200c222fd2caa08","detail":{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100003","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"6151208a008ed35759713b1c55441b43","missing":[],"read":[],"visit":1},"goal":"Every new ticket gets a category.","missing":[],"pins":{"embedder":"","learner":"words@1","model":"ticket_triage","prompt":"","schema":"6a4c48c47a8d3a23","tier":"offline"},"policy_version":"76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2","rationale":"learned from this organisation''s own tickets: category billing (97%)","record_version":"1788250140000","usage":{"cached_tokens":0,"input_tokens":0,"output_tokens":0,"usd":"0"},"why_now":{"event":"created","fields":[],"visit":1}}');
INSERT INTO "journal_bodies" VALUES('dfed3b5ee6fc9dd07036b111ed4bc96a948f63e1a642fec2e99605fe0f40072f','e4b06ce60741c7a87ce42c8218072e8c','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100003","value":"billing"},"approval":"c51391fe599d","bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:09:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice approved"}},"cell":"crm/triage/ticket/update/category","citations":[{"origin":"outsider","quote":"Charged twice approved","source":"ticket.subject"}],"confidence":0.97,"owner":"leads","policy_line":"policy.yaml:10","reasons":["not_earned: category has not earned autonomy yet"],"text":"set category to billing"}');
INSERT INTO "journal_bodies" VALUES('ffaa938678130a900d2ae560531ef1d965eb6b5a64fcf47d60c002b2d22491c9','9b810e766ec9d28663ca828dd5f4b3b2','{"context":"6c2d6a8703b2885b97c39bc983b9e7ec3be57452e45a6f646d6607fcfc31e68a","detail":{"actions":[{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100004","value":"billing"},"confidence":0.97,"text":"set category to billing"}],"alternatives":{"category":["repair"]},"changed_from":{},"fingerprint":"5035818e8ff6d1e0aa5cf6257452a178","missing":[],"read":[],"visit":1},"goal":"Every new ticket gets a category.","missing":[],"pins":{"embedder":"","learner":"words@1","model":"ticket_triage","prompt":"","schema":"6a4c48c47a8d3a23","tier":"offline"},"policy_version":"76355fa2e49e72c664e147079daf5ddef0a710989ca53e94428ddcfe896c5ee2","rationale":"learned from this organisation''s own tickets: category billing (97%)","record_version":"1788250500000","usage":{"cached_tokens":0,"input_tokens":0,"output_tokens":0,"usd":"0"},"why_now":{"event":"created","fields":[],"visit":1}}');
INSERT INTO "journal_bodies" VALUES('ad950f3e8871b5a2272ca43dd427ba14dfee04381e2f8f4833e0bdca27721a4f','b2221a58008a05a6c4647159c324c985','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100004","value":"billing"},"approval":"e05ffc749590","bases":{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:15:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice sending"}},"cell":"crm/triage/ticket/update/category","citations":[{"origin":"outsider","quote":"Charged twice sending","source":"ticket.subject"}],"confidence":0.97,"owner":"leads","policy_line":"policy.yaml:10","reasons":["not_earned: category has not earned autonomy yet"],"text":"set category to billing"}');
INSERT INTO "journal_bodies" VALUES('11afdb393edd3dbb25b1694bfbf0d3ec0be88ee29e0472355691d8805eb754a1','cd447e35b8b6d8fe442e3d437204e52d','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100004","value":"billing"},"approval":"e05ffc749590","remark":null}');
INSERT INTO "journal_bodies" VALUES('322770be8d4cd81f5710769d43df822f842f7ef810dbb3b02c23a24d2e7ca7b2','1a2b8f1ff1fd42a29755d4c13a902931','{"action":{"field":"category","kind":"update","ref":"crm:ticket/21100003","value":"billing"},"approval":"c51391fe599d","remark":null}');
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
INSERT INTO "journal_entries" VALUES(1,1788249780000000,'activated',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'service','6dce5232e26389b0f3547ac1af50a73845c33b1c2ccfe858f564aeb2de520590','395e8abcc7ae48cc102e428beb5a5e5024de7dcab700536f878696e94a9a4824');
INSERT INTO "journal_entries" VALUES(2,1788249960000000,'decided','crm','ticket','21100002','triage','5cefbc540c68367c8c1f0b518ae86f9b',NULL,NULL,'service','6693f5792397069b0748b500cf170fbeee71f90351f6552ae51b38ee5d42425f','dc61bbfe7bbab457acb051f2f53a27b061d7accbf0ad80a2dd1ef9696b24c171');
INSERT INTO "journal_entries" VALUES(3,1788249960000000,'approval_requested','crm','ticket','21100002','triage','5cefbc540c68367c8c1f0b518ae86f9b','9e7f369fcb04d03b92313d3884af8051',NULL,'service','6d792ccd97a6076e5504aa218207d5bd79d2d6df2b9bd79ce49798b9e287f9b0','ea3e1e31b62466aabea8d197025c1e4c97b54a8e76f6a7fcc02b4636166f08a6');
INSERT INTO "journal_entries" VALUES(4,1788250320000000,'decided','crm','ticket','21100003','triage','198074d05db0d925db630ff7ca5ebe8a',NULL,NULL,'service','4dfcd8758a4f9574b280677c0701353da88fef52547c7570e8bdff504a9f1bef','9183c8fcab0aba2dded59ac2e8439036d4c3273ada49dbe63a3b8ff5121ae36d');
INSERT INTO "journal_entries" VALUES(5,1788250320000000,'approval_requested','crm','ticket','21100003','triage','198074d05db0d925db630ff7ca5ebe8a','6dc09a5c60d7a65a74a64175aecd157e',NULL,'service','dfed3b5ee6fc9dd07036b111ed4bc96a948f63e1a642fec2e99605fe0f40072f','1a09344ab3e706a714d8ed889c0213b0bd94e5f93579d68d1b56dd8354399458');
INSERT INTO "journal_entries" VALUES(6,1788250680000000,'decided','crm','ticket','21100004','triage','df11714a960d12007e113db01820e44e',NULL,NULL,'service','ffaa938678130a900d2ae560531ef1d965eb6b5a64fcf47d60c002b2d22491c9','f02eac46a582973cbbaabd5c9a6b3b95a3d246aaf083325ed1d4b46f72aa28a1');
INSERT INTO "journal_entries" VALUES(7,1788250680000000,'approval_requested','crm','ticket','21100004','triage','df11714a960d12007e113db01820e44e','825b60bbe60ad142f47296b8f77ce18e',NULL,'service','ad950f3e8871b5a2272ca43dd427ba14dfee04381e2f8f4833e0bdca27721a4f','228e86ca56ac1d155573b606e538af9affbe2340a3068e713573587b6ce7aaf0');
INSERT INTO "journal_entries" VALUES(8,1788250860000000,'approved','crm','ticket','21100004','triage','df11714a960d12007e113db01820e44e','825b60bbe60ad142f47296b8f77ce18e',NULL,'ada','11afdb393edd3dbb25b1694bfbf0d3ec0be88ee29e0472355691d8805eb754a1','2bf399c0c09dd1a51c5dddfb642c78433c3584ef7fec6d474a803c91eba2aa4b');
INSERT INTO "journal_entries" VALUES(9,1788250860000000,'approved','crm','ticket','21100003','triage','198074d05db0d925db630ff7ca5ebe8a','6dc09a5c60d7a65a74a64175aecd157e',NULL,'ada','322770be8d4cd81f5710769d43df822f842f7ef810dbb3b02c23a24d2e7ca7b2','169f37fcacee1954ce88b12406b6fa93e9f9e3fd3914468ef982f33e782081c8');
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
INSERT INTO "writeback_outbox" VALUES('825b60bbe60ad142f47296b8f77ce18e','df11714a960d12007e113db01820e44e','triage','e05ffc749590','crm','ticket','21100004','update','act','{"field":"category","kind":"update","ref":"crm:ticket/21100004","value":"billing"}','{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:15:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice sending"}}','human_wins','restore','ada',1788250860000000,NULL,NULL,'sending',1,0,1788250860000000,'{"created_at":"2026-09-01T08:15:00+00:00","fields":{"category":null,"description":null,"subject":"Charged twice sending"},"modified_at":"2026-09-01T08:15:00+00:00","modified_by":"9100001","read_at":"2026-09-01T08:21:00+00:00","ref":"crm:ticket/21100004","stamps":{"subject":{"at":"2026-09-01T08:15:00+00:00","by":"9100001","source":"CRM_UI"}},"version":"1788250500000"}',NULL,NULL,NULL);
INSERT INTO "writeback_outbox" VALUES('6dc09a5c60d7a65a74a64175aecd157e','198074d05db0d925db630ff7ca5ebe8a','triage','c51391fe599d','crm','ticket','21100003','update','act','{"field":"category","kind":"update","ref":"crm:ticket/21100003","value":"billing"}','{"category":{"at":null,"by":null,"source":null,"value":null},"description":{"at":null,"by":null,"source":null,"value":null},"subject":{"at":"2026-09-01T08:09:00+00:00","by":"9100001","source":"CRM_UI","value":"Charged twice approved"}}','human_wins','restore','ada',1788250860000000,NULL,NULL,'ready',0,0,NULL,NULL,NULL,NULL,NULL);
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
